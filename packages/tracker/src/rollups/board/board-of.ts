import type { CccSnapshot } from '@ccp/contracts';
import type { Problem } from '../../problem.ts';
import type { Reading } from '../../reading.ts';
import { bought } from '../bought.ts';
import type { Bought } from '../bought.ts';
import { readingsOfUsage } from '../meters/from-usage.ts';
import { toOverview } from '../overview.ts';
import { standings } from '../standing.ts';
import { newestRecords } from '../windows/points.ts';
import type { PreviewRows } from '../windows/window-preview.ts';
import { boardAdvice, gatedLanes } from './advice.ts';
import type { Board, Provenance, RoutingDecision, ShimFacts } from './board.ts';
import { newestDecisions } from './decisions.ts';
import { meterBars } from './meter-bars.ts';
import { outcomeOf } from './outcome.ts';
import type { Measured } from './outcome.ts';
import { providerStandings, windowRowsOf } from './provider-standings.ts';

/** What a board is made of: the newest answer of the shim, rows of the journals, and the time. */
export interface BoardFacts {
  /** The newest answer; null: none ever. */
  readonly snapshot: CccSnapshot | null;
  /** Of `snapshot`: just read, or the newest kept while the shim does not answer. */
  readonly state: Board['state'];
  readonly shimUrl: string;
  /** Of the shim; null: not asked, or an older one. */
  readonly version: string | null;
  readonly trackedSince: string | null;
  /** Kept readings of meters; those in `snapshot` are added. */
  readonly readings: readonly Reading[];
  readonly rows: PreviewRows;
  /** `bought(rows)`, where it is known already: it takes long and changes with the rows only. */
  readonly capacity?: readonly Bought[];
  readonly measured: Measured;
  /** From the shim and from the journals, in any order. */
  readonly decisions: readonly RoutingDecision[];
  readonly problems: readonly Problem[];
  /** Epoch seconds. */
  readonly nowTs: number;
  /** IANA time zone. */
  readonly tz: string;
  /** Windows of this id only; absent: all. */
  readonly window?: string;
  /** Percentage points kept free. Default 10. */
  readonly reservePp?: number;
}

/** One instant as one document. The same facts give the same board. */
export function boardOf(facts: BoardFacts): Board {
  const { snapshot, state, nowTs, tz } = facts;
  const usage = snapshot?.usage ?? null;
  const overview =
    snapshot === null ? null : toOverview(snapshot, { state: state === 'live' ? 'live' : 'stale', nowTs });
  const told = usage === null ? { readings: [], problems: [] } : readingsOfUsage(usage);
  const readings = [...facts.readings, ...told.readings];
  const all = standings({
    readings,
    records: facts.rows.records,
    nowTs,
    ...(facts.reservePp !== undefined && { reservePp: facts.reservePp }),
  });
  const rows = rowsOfWindow(facts.rows, facts.window);
  const capacity = facts.capacity ?? bought(rows);
  const windows = windowRowsOf(rows.records);
  const problems = [...facts.problems, ...told.problems];
  const decisions = newestDecisions(facts.decisions);
  return {
    board_schema: 'v1',
    at: new Date(nowTs * 1000).toISOString(),
    tz,
    state: snapshot === null ? 'none' : state,
    shim: shimFacts(facts),
    overview,
    meters: meterBars(all, readings, nowTs),
    speeds: overview?.speeds ?? [],
    routing: { lanes: overview?.lanes ?? [], events: overview?.events ?? [], decisions },
    windows: { providers: providerStandings(capacity, all), rows: windows },
    outcome: outcomeOf(rows, windows, facts.measured),
    license: usage?.license ?? null,
    gated_lanes: overview === null ? [] : gatedLanes(overview),
    advice: boardAdvice({
      state: snapshot === null ? 'none' : state,
      shimUrl: facts.shimUrl,
      overview,
      standings: all,
      bought: capacity,
      problems,
      hasChurn: rows.churn.length > 0,
    }),
    provenance: {
      shim: provenance(snapshot?.source_url ?? facts.shimUrl, snapshot === null ? [] : [snapshot.captured_at], nowTs),
      readings: provenance('readings.jsonl and /v1/usage', atsOf(readings, 'observed_at'), nowTs),
      decisions: provenance(
        '/v1/events, /v1/usage/samples and windows.jsonl',
        decisions.map(({ at_ts: ts }) => new Date(ts * 1000).toISOString()),
        nowTs,
      ),
      windows: provenance('windows.jsonl', atsOf(newestRecords(rows.records), 'finalized_at'), nowTs),
      churn: provenance('churn.jsonl', atsOf(rows.churn, 'captured_at'), nowTs),
      anomalies: provenance('anomalies.jsonl', atsOf(rows.anomalies, 'captured_at'), nowTs),
    },
    problems,
  };
}

function shimFacts({ snapshot, version, trackedSince, nowTs }: BoardFacts): ShimFacts | null {
  if (snapshot === null) return null;
  const { source_url: url, captured_at: at, usage } = snapshot;
  return {
    source_url: url ?? null,
    epoch: usage.epoch ?? null,
    version,
    captured_at: at,
    age_s: Math.max(0, nowTs - Date.parse(at) / 1000),
    last_reload_ts: usage.last_reload_ts ?? null,
    tracked_since: trackedSince,
  };
}

/** The rows of one window; without one, all. */
export function rowsOfWindow(rows: PreviewRows, window: string | undefined): PreviewRows {
  if (window === undefined) return rows;
  const isOf = (row: { readonly window?: string }): boolean => row.window === window;
  return {
    records: rows.records.filter(isOf),
    snapshots: rows.snapshots.filter(isOf),
    glmCounts: rows.glmCounts.filter(isOf),
    anomalies: rows.anomalies.filter(isOf),
    churn: rows.churn.filter(isOf),
    reports: rows.reports.filter(isOf),
  };
}

function atsOf<Key extends string>(rows: readonly { readonly [at in Key]: string }[], key: Key): readonly string[] {
  return rows.map((row) => row[key]);
}

/** Rows of our own files and of a shim on this machine. */
function provenance(source: string, ats: readonly string[], nowTs: number): Provenance {
  const newest = ats.reduce<number | null>((latest, at) => {
    const ms = Date.parse(at);
    return Number.isNaN(ms) ? latest : Math.max(latest ?? ms, ms);
  }, null);
  return {
    source,
    observed_at: newest === null ? null : new Date(newest).toISOString(),
    age_s: newest === null ? null : Math.max(0, nowTs - newest / 1000),
    confidence: 'local',
    rows: ats.length,
  };
}
