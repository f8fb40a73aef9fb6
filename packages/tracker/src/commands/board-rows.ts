import { statSync } from 'node:fs';
import type { CccSnapshot, TrackerEvent } from '@ccp/contracts';
import type { Book, RowIn } from '../events/book.ts';
import type { Cursor } from '../events/cursor.ts';
import type { JournalName } from '../events/journal-files.ts';
import type { Problem } from '../problem.ts';
import type { Reading } from '../reading.ts';
import type { RoutingDecision } from '../rollups/board/board.ts';
import { decisionOfTurn } from '../rollups/board/decisions.ts';
import type { Measured } from '../rollups/board/outcome.ts';
import { distinctEvents } from '../rollups/report/report-turn.ts';
import type { PreviewRows } from '../rollups/windows/window-preview.ts';

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
const KEEP_PROBLEMS = 20;

/** Reads the journals again and again; each time only what was added since. */
export function boardRows(book: Book, nowMs: () => number): () => BoardRows {
  const windows = part(book, 'windows.jsonl', startWindows, (kept, row) => {
    if (row.kind === 'window') kept.records.push(row);
    if (row.kind === 'ccc_snapshot') kept.since ??= (row satisfies CccSnapshot).captured_at;
    if (row.kind === 'turn') keepTurn(kept, row);
  });
  const readings = part(book, 'readings.jsonl', list<Reading>, (kept, row) => {
    if (Date.parse(row.observed_at) >= nowMs() - KEEP_READINGS_MS) kept.push(row);
  });
  const snapshots = part(book, 'snapshots.jsonl', list<PreviewRows['snapshots'][number]>, push);
  const prompts = part(book, 'glm_counts.jsonl', list<PreviewRows['glmCounts'][number]>, (kept, row) => {
    if (row.kind === 'glm_count') kept.push(row);
  });
  const anomalies = part(book, 'anomalies.jsonl', list<PreviewRows['anomalies'][number]>, push);
  const churn = part(book, 'churn.jsonl', list<PreviewRows['churn'][number]>, push);
  return () => {
    const parts = [windows, readings, snapshots, prompts, anomalies, churn].map((refresh) => refresh());
    const kept = windows.kept();
    return {
      rows: {
        records: kept.records,
        snapshots: snapshots.kept(),
        glmCounts: prompts.kept(),
        anomalies: anomalies.kept(),
        churn: churn.kept(),
        reports: [],
      },
      readings: readings.kept(),
      decisions: kept.decisions,
      measured: { cls: meanOf(kept.measured, 'cls'), impf: meanOf(kept.measured, 'impf') },
      trackedSince: kept.since,
      problems: parts.flat().slice(0, KEEP_PROBLEMS),
      revision: windows.revision() + prompts.revision(),
    };
  };
}

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

interface Part<Kept> {
  /** Reads on; answers what could not be used. */
  (): readonly Problem[];
  kept(): Kept;
  revision(): number;
}

function part<Name extends JournalName, Kept>(
  book: Book,
  name: Name,
  start: () => Kept,
  add: (kept: Kept, row: RowIn<Name>) => void,
): Part<Kept> {
  let kept = start();
  let cursor: Cursor | null = null;
  let problems: Problem[] = [];
  let revision = 0;
  let seen: string | null = null;
  const refresh = (): readonly Problem[] => {
    const stamp = stampOf(book.pathOf(name));
    // Most looks find nothing new; then the file is not even opened.
    if (stamp === seen) return problems;
    const followed = book.follow(name, cursor);
    if (!followed.ok) return [...problems, followed.problem];
    if (followed.value.restarted !== null) {
      [kept, problems] = [start(), []];
      revision += 1;
    }
    for (const found of followed.value.rows) {
      revision += 1;
      if (found.ok) add(kept, found.value.row);
      else if (problems.length < KEEP_PROBLEMS) problems.push(found.problem);
    }
    ({ cursor } = followed.value);
    // A line that was not whole yet is looked at again.
    seen = followed.value.pendingBytes === 0 ? stamp : null;
    return problems;
  };
  return Object.assign(refresh, { kept: () => kept, revision: () => revision });
}

/** Tells one state of a file from another; rows are only ever added, or the file is replaced. */
function stampOf(path: string): string {
  const found = statSync(path, { throwIfNoEntry: false, bigint: true });
  return found === undefined ? 'absent' : `${found.dev} ${found.ino} ${found.size} ${found.mtimeNs}`;
}

function list<Row>(): Row[] {
  return [];
}

function push<Row>(kept: Row[], row: Row): void {
  kept.push(row);
}
