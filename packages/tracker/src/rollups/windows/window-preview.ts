import type { Anomaly, ChurnRecord, GlmCount, Snapshot, ToolReport, WindowRecord } from '@ccp/contracts';
import { newestChurn } from '../churn/quality.ts';
import { byTime, groupBy, newestBy } from './newest.ts';
import { newestRecords } from './points.ts';
import { providerOverview } from './provider-overview.ts';
import type { Estimator, ProviderOverview } from './provider-overview.ts';

/** Rows of the journals. */
export interface PreviewRows {
  readonly records: readonly WindowRecord[];
  readonly snapshots: readonly Snapshot[];
  readonly glmCounts: readonly GlmCount[];
  readonly anomalies: readonly Anomaly[];
  readonly churn: readonly ChurnRecord[];
  /** Of ccusage and of the proxy telemetry. */
  readonly reports: readonly ToolReport[];
}

/** What finished windows came to. */
export interface WindowPreview {
  /** In the order in which they were first finalized. */
  readonly windows: readonly string[];
  readonly anomalies: number;
  readonly providers: readonly ProviderOverview[];
  readonly outcomes: readonly WindowOutcome[];
  readonly churn: readonly ChurnRecord[];
  /** The newest one; null: none. */
  readonly proxy: ToolReport | null;
  /** The newest one per scope: weekly, daily, session. */
  readonly ccusage: readonly ToolReport[];
  readonly snapshots: readonly SnapshotSources[];
}

export interface WindowOutcome {
  readonly window: string;
  readonly quality: number | null;
  readonly outcome: string;
  /** Empty: none. */
  readonly notes: string;
}

/** Which readings of a provider there are, and where from. */
export interface SnapshotSources {
  readonly provider: string;
  /** Alphabetical. */
  readonly phases: readonly string[];
  readonly sources: readonly string[];
  readonly notes: readonly string[];
}

/** Every finished window, or one of them; a window that is not finished is in none. */
export function windowPreview(rows: PreviewRows, estimate: Estimator, window?: string): WindowPreview {
  const records = newestRecords(rows.records).filter((row) => window === undefined || row.window === window);
  const windows = new Set(records.map((row) => row.window));
  const inWindows = <Row extends { readonly window?: string }>(all: readonly Row[]): readonly Row[] =>
    all.filter((row) => row.window !== undefined && windows.has(row.window));
  // A report may be of no window: then it is of all of them.
  const reports = rows.reports.filter((row) => row.window === undefined || windows.has(row.window));
  return {
    windows: [...windows],
    anomalies: inWindows(rows.anomalies).length,
    providers: providerOverview(records, inWindows(rows.glmCounts), estimate),
    outcomes: records.map(toOutcome),
    churn: byTime(newestChurn(inWindows(rows.churn)), timeOf),
    proxy: newestBy(reports.filter(isProxy), timeOf),
    ccusage: ['weekly', 'daily', 'session'].flatMap(
      (scope) =>
        newestBy(
          reports.filter((row) => isCcusage(row) && row.scope === scope),
          timeOf,
        ) ?? [],
    ),
    snapshots: sourcesOf(inWindows(rows.snapshots)),
  };
}

function toOutcome({
  window,
  quality_score: quality = null,
  outcome = 'unknown',
  notes = '',
}: WindowRecord): WindowOutcome {
  return { window, quality, outcome, notes: notes.trim() };
}

function isProxy({ kind, provider }: ToolReport): boolean {
  return kind === 'proxy_telemetry' || (kind === undefined && provider.startsWith('proxy'));
}

function isCcusage({ kind, provider }: ToolReport): boolean {
  return kind === 'codex_ccusage' || (kind === undefined && provider === 'codex-ccusage');
}

function sourcesOf(snapshots: readonly Snapshot[]): readonly SnapshotSources[] {
  return [...groupBy(byTime(snapshots, timeOf), ({ provider }) => provider)]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([provider, rows]) => ({
      provider,
      phases: distinct(rows.map(({ phase }) => phase)).toSorted(),
      sources: distinct(rows.map(({ source }) => source)),
      notes: distinct(rows.map(({ notes }) => notes?.trim())),
    }));
}

function distinct(texts: readonly (string | undefined)[]): readonly string[] {
  return [...new Set(texts)].filter((text): text is string => text !== undefined && text !== '');
}

function timeOf({ captured_at: at }: { readonly captured_at: string }): string {
  return at;
}
