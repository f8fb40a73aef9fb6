import type { Added, Book, NewRow } from '../events/book.ts';
import { turnOfLog } from '../events/log-turn-event.ts';
import type { KeyOf } from '../events/known-keys.ts';
import type { Outcome, Problem } from '../problem.ts';
import type { Reading } from '../reading.ts';
import type { LogTurn } from '../sources/log-turn.ts';

/** What every source of `tracker backfill` is given. */
export interface BackfillContext {
  readonly book: Book;
  /** Turns from `sinceTs` and before `untilTs` are wanted, epoch seconds; infinite where there is no bound. */
  readonly sinceTs: number;
  readonly untilTs: number;
  /** Nothing may be written. */
  readonly dryRun: boolean;
  /** Shows how far it is, in a few words; does nothing where there is no terminal. */
  readonly progress: (text: string) => void;
}

/** What one source did. */
export interface BackfillResult {
  /** What the log is called in rows, such as `claude-log`. */
  readonly source: LogTurn['source'];
  readonly files: number;
  readonly lines: number;
  readonly bytes: number;
  /** Turns found, each once; `outside` of them are not from the time asked for. */
  readonly turns: number;
  readonly outside: number;
  readonly added: number;
  /** Rows left out because they are in the journal already. */
  readonly known: number;
  /** Readings of meters found and added; absent: such a log has none. */
  readonly readings?: number;
  readonly readingsAdded?: number;
  /** What was passed over by design, counted by reason. */
  readonly skipped: Readonly<Record<string, number>>;
  readonly problems: readonly Problem[];
  /** Summaries of logs that lay beside them, by path. */
  readonly metrics?: readonly string[];
  /** Why it ended before its end; null: it did not. */
  readonly failure: Problem | null;
}

export type BackfillSource = (context: BackfillContext) => Promise<BackfillResult>;

/** Rows written at once: one lock and one sync each. */
const BATCH = 5_000;

/** Adds the turns that are wanted and not there yet. Those added before a failure stay: the next run goes on. */
export async function addTurns(
  context: BackfillContext,
  turns: readonly LogTurn[],
): Promise<Pick<BackfillResult, 'turns' | 'outside' | 'added' | 'known' | 'failure'>> {
  const wanted = turns.filter(({ ts }) => ts >= context.sinceTs && ts < context.untilTs);
  const sum = { added: 0, known: 0 };
  let failure: Problem | null = null;
  for (let at = 0; at < wanted.length && failure === null; at += BATCH) {
    const kept = await addBatch(context, wanted.slice(at, at + BATCH));
    if (!kept.ok) failure = kept.problem;
    else {
      sum.added += kept.value.added;
      sum.known += kept.value.known;
    }
  }
  return { turns: turns.length, outside: turns.length - wanted.length, ...sum, failure };
}

/** Adds the readings that are wanted and not there yet. */
export async function addReadings(
  { book, sinceTs, untilTs, dryRun }: BackfillContext,
  readings: readonly Reading[],
): Promise<Required<Pick<BackfillResult, 'readings' | 'readingsAdded' | 'failure'>>> {
  const wanted = readings.filter(({ observed_at: at }) => {
    const ts = Date.parse(at) / 1000;
    return ts >= sinceTs && ts < untilTs;
  });
  const rows = wanted.map((reading) => ({ ...reading, kind: 'meter_reading' as const }));
  if (dryRun) {
    const keys = book.knownKeys('readings.jsonl', readingKey);
    if (!keys.ok) return { readings: readings.length, readingsAdded: 0, failure: keys.problem };
    const fresh = rows.filter((row) => !keys.value.has(readingKey(row) ?? ''));
    return { readings: readings.length, readingsAdded: fresh.length, failure: null };
  }
  const kept = await book.appendNew(rows, readingKey);
  if (!kept.ok) return { readings: readings.length, readingsAdded: 0, failure: kept.problem };
  return { readings: readings.length, readingsAdded: kept.value.added, failure: null };
}

/** One meter at one moment. */
const readingKey: KeyOf = (row) => {
  if (!('observed_at' in row)) return null;
  const { provider, account, scope, window_min: minutes, source, observed_at: at } = row as Reading;
  return JSON.stringify([provider, account ?? null, scope ?? null, minutes ?? null, source, at]);
};

async function addBatch({ book, dryRun }: BackfillContext, turns: readonly LogTurn[]): Promise<Outcome<Added>> {
  if (!dryRun) {
    const nowTs = Date.now() / 1000;
    return book.appendNew(turns.map((turn) => turnOfLog(turn, nowTs) as NewRow));
  }
  const keys = book.knownKeys('windows.jsonl');
  if (!keys.ok) return keys;
  const added = turns.filter(({ key }) => !keys.value.has(key)).length;
  return { ok: true, value: { added, known: turns.length - added, notes: [] } };
}
