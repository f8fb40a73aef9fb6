import type { Anomaly, GlmCount, Snapshot, WindowProvider, WindowRecord } from '@ccp/contracts';
import type { Problem } from '../../problem.ts';
import { promptCapacity } from './capacity.ts';
import { endsOf } from './ends.ts';
import { byTime } from './newest.ts';
import { finalizeProvider } from './provider-window.ts';

/** What a person says about a finished window. */
export interface WindowFlags {
  /** Features per provider. A provider without a count is unknown, not 0. */
  readonly features?: Readonly<Record<string, number>>;
  readonly featureIds?: readonly string[];
  /** From 0 to 1; null: not judged. */
  readonly qualityScore?: number | null;
  readonly outcome?: string;
  readonly notes?: string;
  readonly specId?: string;
  readonly specVersion?: string;
  readonly methodology?: string;
  readonly commitStart?: string;
  readonly commitEnd?: string;
  /** When work ended (ISO 8601), where known. */
  readonly endedAt?: string;
  /** An AFTER reading so many seconds or more after the end is late. Default 300. */
  readonly lateAfterS?: number;
}

export interface WindowRows {
  readonly window: string;
  /** Rows of any window; those of others are passed over. */
  readonly snapshots: readonly Snapshot[];
  readonly glmCounts: readonly GlmCount[];
  readonly flags: WindowFlags;
  /** ISO 8601. */
  readonly nowAt: string;
}

export interface FinalizedWindow {
  /** Null: it can't be finalized, `problems` say why. */
  readonly record: WindowRecord | null;
  /** Rows for anomalies.jsonl. */
  readonly anomalies: readonly Anomaly[];
  readonly problems: readonly Problem[];
}

/** The row of a finished window from its readings, and what is odd about them. Writes nothing. */
export function finalizeWindow({ window, snapshots, glmCounts, flags, nowAt }: WindowRows): FinalizedWindow {
  const ends = endsOf(snapshots.filter((row) => row.window === window));
  const counts = glmCounts.filter((row) => row.window === window);
  const problem = unusable(window, ends, counts) ?? badQuality(flags.qualityScore);
  if (problem !== null) return { record: null, anomalies: [], problems: [problem] };
  const found = ends.map((one) => finalizeProvider(one, { window, flags, nowAt }));
  const providers: Record<string, WindowProvider> = {};
  for (const { provider, entry } of found) providers[provider] = entry;
  if (counts.length > 0) providers['glm'] = withPrompts(providers['glm'], counts);
  return {
    record: recordOf(window, { flags, nowAt, providers }),
    anomalies: found.flatMap(({ anomalies }) => anomalies),
    problems: found.flatMap(({ problems }) => problems),
  };
}

function unusable(window: string, ends: ReturnType<typeof endsOf>, counts: readonly GlmCount[]): Problem | null {
  if (ends.length === 0 && counts.length === 0) {
    return {
      code: 'no-snapshot',
      message: `no snapshots found for window ${window}`,
      remedy: 'Ingest the meters before and after it first',
    };
  }
  const missing = ends.filter(({ before, after }) => before === null || after === null);
  if (missing.length === 0) return null;
  return {
    code: 'missing-snapshots',
    message: `missing before/after snapshots for providers: ${missing.map(({ provider }) => provider).join(', ')}`,
    remedy: 'Ingest or override the missing phase, or delete the reading that is alone',
  };
}

function badQuality(score: number | null | undefined): Problem | null {
  if (score === null || score === undefined || (score >= 0 && score <= 1)) return null;
  return {
    code: 'quality-out-of-range',
    message: `the quality score is ${score}`,
    remedy: 'Give a number from 0 to 1; a grade from 1 to 5 is another scale',
  };
}

/** Prompts stand for GLM once, also where its bars were read. */
function withPrompts(bars: WindowProvider | undefined, counts: readonly GlmCount[]): WindowProvider {
  const { amount, unit, field, notes } = promptCapacity(counts);
  const sorted = byTime(counts, ({ captured_at: at }) => at);
  const said = sorted.flatMap((row) => (row.notes === undefined || row.notes === '' ? [] : [row.notes]));
  return {
    before: null,
    after: null,
    delta: {},
    captured_at: { before: sorted[0]?.captured_at ?? null, after: sorted.at(-1)?.captured_at ?? null },
    ...bars,
    capacity: amount,
    capacity_unit: unit,
    capacity_field: field,
    notes: [...new Set([...(bars?.notes ?? []), ...said, ...notes])],
    errors: [...new Set([...(bars?.errors ?? []), ...sorted.flatMap(({ parsed }) => errorsIn(parsed))])],
  };
}

function errorsIn(parsed: GlmCount['parsed']): string[] {
  const errors: unknown = parsed?.['errors'];
  return Array.isArray(errors) ? errors.filter((one): one is string => typeof one === 'string') : [];
}

interface Made {
  readonly flags: WindowFlags;
  readonly nowAt: string;
  readonly providers: Record<string, WindowProvider>;
}

function recordOf(window: string, { flags, nowAt, providers }: Made): WindowRecord {
  const quality = flags.qualityScore ?? null;
  return {
    kind: 'window',
    window,
    finalized_at: nowAt,
    features: { ...flags.features },
    ...(flags.featureIds !== undefined && { feature_ids: [...flags.featureIds] }),
    quality_score: quality,
    quality,
    outcome: flags.outcome ?? 'unknown',
    notes: flags.notes ?? '',
    providers,
    ...(flags.specId !== undefined && { spec_id: flags.specId }),
    ...(flags.specVersion !== undefined && { spec_version: flags.specVersion }),
    ...(flags.methodology !== undefined && { methodology: flags.methodology }),
    ...(flags.commitStart !== undefined && { commit_start: flags.commitStart }),
    ...(flags.commitEnd !== undefined && { commit_end: flags.commitEnd }),
  };
}
