import { basename } from 'node:path';
import { keySet } from '../key-set.ts';
import { addTurnRows } from '../events/keep-turns.ts';
import type { KnownKeys } from '../events/known-keys.ts';
import { turnOfArchive } from '../events/turn-event.ts';
import type { Problem } from '../problem.ts';
import type { TurnDetails } from '../sources/ccp-archive/archive-turn.ts';
import { readArchive } from '../sources/ccp-archive/read-archive.ts';
import type { ArchivePart, ArchiveReport } from '../sources/ccp-archive/read-archive.ts';
import type { BackfillContext, BackfillResult, BackfillSource } from './backfill-source.ts';

/** Rows written at once: one lock and one sync for each journal. */
const BATCH = 5_000;
const TOLD_EVERY_BYTES = 4 * 1024 * 1024;

/** Turns of the logs and databases a router left below some roots. */
export function backfillArchive(roots: readonly string[]): BackfillSource {
  return async (context) => {
    const adding = adder(context);
    const reading = readArchive(roots);
    let told = -Infinity;
    for (;;) {
      const next = await reading.next();
      if (next.done === true) {
        const failure = await adding.flush();
        return resultOf(next.value, adding, failure);
      }
      if (next.value.readBytes >= told + TOLD_EVERY_BYTES) {
        context.progress(progressOf(next.value, adding.turns));
        told = next.value.readBytes;
      }
      const failure = await adding.add(next.value);
      if (failure !== null) return resultOf({ files: [], problems: [] }, adding, failure);
    }
  };
}

interface Counts {
  readonly turns: number;
  readonly outside: number;
  readonly added: number;
  readonly known: number;
  /** The same turn once more: in a log and a database, or in two copies of a log. */
  readonly again: number;
  readonly notes: readonly Problem[];
}

interface Adder extends Counts {
  /** Answers why it could not be done. */
  add(part: ArchivePart): Promise<Problem | null>;
  flush(): Promise<Problem | null>;
}

/** Passes over what is known before a row is made of it: on a second run that is everything. */
function adder({ book, sinceTs, untilTs, dryRun }: BackfillContext): Adder {
  const sum = { turns: 0, outside: 0, added: 0, known: 0, again: 0, notes: [] as Problem[] };
  const seen = keySet();
  let waiting: TurnDetails[] = [];
  let known: KnownKeys | null = null;
  let asked = '';
  const write = async (): Promise<Problem | null> => {
    const turns = waiting;
    waiting = [];
    if (dryRun) sum.added += turns.length;
    if (dryRun || turns.length === 0) return null;
    const nowTs = Date.now() / 1000;
    const kept = await addTurnRows(
      book,
      turns.map((turn) => turnOfArchive(turn, nowTs)),
    );
    if (!kept.ok) return kept.problem;
    sum.added += kept.value.added;
    sum.known += kept.value.known;
    sum.notes.push(...kept.value.notes);
    return null;
  };
  return Object.assign(sum, {
    async add({ turns, file }: ArchivePart) {
      // What others write meanwhile is found when rows are added, under the lock.
      if (known === null || file !== asked) {
        const keys = book.knownKeys('windows.jsonl');
        if (!keys.ok) return keys.problem;
        [known, asked] = [keys.value, file];
      }
      for (let nth = 0; nth < turns.length; nth += 1) {
        const ts = turns.tsOf(nth);
        turns.hashKeyOf(nth);
        if (!seen.addHashed()) sum.again += 1;
        else if (ts < sinceTs || ts >= untilTs) sum.outside += 1;
        else if (known.hasHashed()) sum.known += 1;
        else waiting.push(turns.detailsOf(nth));
      }
      sum.turns = seen.size;
      return waiting.length >= BATCH ? write() : null;
    },
    flush: write,
  });
}

function resultOf(report: ArchiveReport, counts: Counts, failure: Problem | null): BackfillResult {
  const skipped: Record<string, number> = { 'told again': counts.again };
  for (const { passed } of report.files)
    for (const [why, count] of Object.entries(passed)) skipped[why] = (skipped[why] ?? 0) + count;
  const sum = (key: 'lines' | 'bytes'): number => report.files.reduce((all, file) => all + file[key], 0);
  const { turns, outside, added, known } = counts;
  const result = {
    source: 'ccp-archive' as const,
    files: report.files.filter(isUsable).length,
    lines: sum('lines'),
    bytes: sum('bytes'),
    ...{ turns, outside, added, known, skipped, failure },
    problems: [...report.problems, ...report.files.flatMap(({ problems }) => problems), ...counts.notes],
    read: report.files.map(({ problems, ...file }) => ({ ...file, problems: problems.length })),
    metrics: report.files.flatMap(({ kind, file, problems }) =>
      kind === 'metrics' && problems.length === 0 ? [file] : [],
    ),
  };
  return result;
}

/** A file that gave turns, or at least records that are none. */
function isUsable({ turns, passed, kind, problems }: ArchiveReport['files'][number]): boolean {
  return turns > 0 || Object.keys(passed).length > 0 || (kind === 'metrics' && problems.length === 0);
}

/** `[#####-----] 52 % usage.jsonl.2: 12345 turns` */
function progressOf({ file, readBytes, ofBytes }: ArchivePart, turns: number): string {
  const share = ofBytes === 0 ? 1 : Math.min(1, readBytes / ofBytes);
  const full = Math.round(share * BAR);
  const bar = `[${'#'.repeat(full)}${'-'.repeat(BAR - full)}]`;
  return `${bar} ${Math.floor(share * 100)} % ${basename(file)}: ${turns} turns`;
}

const BAR = 24;
