import type { CccSnapshot, TrackerEvent } from '@ccp/contracts';
import type { RowIn } from '../events/book.ts';
import type { JournalName } from '../events/journal-files.ts';
import type { Problem } from '../problem.ts';
import type { Reading } from '../reading.ts';
import type { RoutingDecision } from '../rollups/board/board.ts';
import { decisionOfTurn } from '../rollups/board/decisions.ts';
import type { Measured } from '../rollups/board/outcome.ts';
import { distinctEvents } from '../rollups/report/report-turn.ts';
import type { PreviewRows } from '../rollups/windows/window-preview.ts';
import { KEEP_PROBLEMS } from './journal-feed.ts';
import type { JournalFeed } from './journal-feed.ts';

/** What a board needs of the journals. */
export interface BoardRows {
  readonly rows: PreviewRows;
  readonly readings: readonly Reading[];
  /** Of the newest kept turns. */
  readonly decisions: readonly RoutingDecision[];
  readonly measured: Measured;
  /** The oldest answer of a shim that is kept (ISO 8601). */
  readonly trackedSince: string | null;
  readonly problems: readonly Problem[];
  /** Another number: rows were added, or all was read anew. */
  readonly revision: number;
}

/** No window of a vendor is longer than a week; older readings can't be the best one, nor part of its track. */
const KEEP_READINGS_MS = 8 * 86_400_000;
const KEEP_DECISIONS = 20;

/** Keeps what a board needs of the rows the feed gives; answers it as of now. */
export function boardRows(feed: JournalFeed, nowMs: () => number): () => BoardRows {
  const windows = keeping(feed, 'windows.jsonl', startWindows, (kept, row) => {
    if (row.kind === 'window') kept.records.push(row);
    if (row.kind === 'ccc_snapshot') kept.since ??= (row satisfies CccSnapshot).captured_at;
    if (row.kind === 'turn') keepTurn(kept, row);
  });
  const readings = keeping(feed, 'readings.jsonl', list<Reading>, (kept, row) => {
    if (Date.parse(row.observed_at) >= nowMs() - KEEP_READINGS_MS) kept.push(row);
  });
  const snapshots = keeping(feed, 'snapshots.jsonl', list<PreviewRows['snapshots'][number]>, push);
  const prompts = keeping(feed, 'glm_counts.jsonl', list<PreviewRows['glmCounts'][number]>, (kept, row) => {
    if (row.kind === 'glm_count') kept.push(row);
  });
  const anomalies = keeping(feed, 'anomalies.jsonl', list<PreviewRows['anomalies'][number]>, push);
  const churn = keeping(feed, 'churn.jsonl', list<PreviewRows['churn'][number]>, push);
  return () => {
    const read = { windows: feed.read('windows.jsonl'), prompts: feed.read('glm_counts.jsonl') };
    const others = OTHERS.map((name) => feed.read(name));
    const kept = windows();
    return {
      rows: {
        records: kept.records,
        snapshots: snapshots(),
        glmCounts: prompts(),
        anomalies: anomalies(),
        churn: churn(),
        reports: [],
      },
      readings: readings(),
      decisions: kept.decisions,
      measured: { cls: meanOf(kept.measured, 'cls'), impf: meanOf(kept.measured, 'impf') },
      trackedSince: kept.since,
      problems: [read.windows, read.prompts, ...others].flatMap(({ problems }) => problems).slice(0, KEEP_PROBLEMS),
      revision: read.windows.revision + read.prompts.revision,
    };
  };
}

const OTHERS = ['readings.jsonl', 'snapshots.jsonl', 'anomalies.jsonl', 'churn.jsonl'] as const;

interface WindowsKept {
  readonly records: PreviewRows['records'][number][];
  readonly decisions: RoutingDecision[];
  readonly measured: TrackerEvent[];
  since: string | null;
}

function startWindows(): WindowsKept {
  return { records: [], decisions: [], measured: [], since: null };
}

function keepTurn({ decisions, measured }: WindowsKept, row: TrackerEvent): void {
  const decision = decisionOfTurn(row);
  if (decision !== null) decisions.push(decision);
  if (decisions.length > 2 * KEEP_DECISIONS) decisions.splice(0, decisions.length - KEEP_DECISIONS);
  const { cls = null, impf = null } = row.measurement ?? {};
  if (cls !== null || impf !== null) measured.push(row);
}

function meanOf(events: readonly TrackerEvent[], key: keyof Measured): number | null {
  const values = distinctEvents(events).flatMap(({ measurement }) => measurement?.[key] ?? []);
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}

function keeping<Name extends JournalName, Kept>(
  feed: JournalFeed,
  name: Name,
  start: () => Kept,
  add: (kept: Kept, row: RowIn<Name>) => void,
): () => Kept {
  let kept = start();
  feed.to(name, { take: (row) => add(kept, row), forget: () => void (kept = start()) });
  return () => kept;
}

function list<Row>(): Row[] {
  return [];
}

function push<Row>(kept: Row[], row: Row): void {
  kept.push(row);
}
