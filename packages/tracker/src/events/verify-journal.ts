import { createHash } from 'node:crypto';
import { fstatSync } from 'node:fs';
import type { Outcome, Problem } from '../problem.ts';
import type { JournalName } from './journal-files.ts';
import { eventKey } from './known-keys.ts';
import { keySet } from '../key-set.ts';
import { linesForward } from './lines.ts';
import type { Line } from './lines.ts';
import { located } from './read-line.ts';
import { withFile } from './open-file.ts';
import { rowOf } from './read-rows.ts';
import type { JournalFile } from './read-rows.ts';
import type { JournalRow } from './row-families.ts';
import { isTakenBack, lineSha256, survey } from './tombstones.ts';
import { writtenAt } from './written-at.ts';

/** What a look at one journal found. */
export interface JournalReport {
  readonly name: JournalName;
  readonly file: string;
  readonly bytes: number;
  /** Rows that count, by kind. */
  readonly counts: Readonly<Record<string, number>>;
  readonly takenBack: number;
  /** SHA-256 over the lines of the rows that count, each with a line feed, in hex. */
  readonly acceptedSha256: string;
  /** By line; at most {@link MOST_PROBLEMS}, and then how many more there are. */
  readonly problems: readonly Problem[];
}

export const MOST_PROBLEMS = 1000;

/** A clock may be set back a little; more than this is worth a word. */
const BACKWARDS_S = 60;

/**
 * Reads a journal to its end and says what is wrong in it; null: there is no such file.
 *
 * @param onRow takes every row that counts, and the byte it begins at; one without its line end may not be whole yet, and does not count
 */
export function verifyJournal(
  name: JournalName,
  file: JournalFile,
  onRow: (row: JournalRow, offset: number) => void = () => undefined,
): JournalReport | null {
  const report = withFile(file.path, (fd) => ({ ok: true, value: verifyOpen(fd, { name, file, onRow }) }));
  if (report === null || report.ok) return report?.value ?? null;
  return unread(name, file.path, report.problem);
}

interface Task {
  readonly name: JournalName;
  readonly file: JournalFile;
  readonly onRow: (row: JournalRow, offset: number) => void;
}

function verifyOpen(fd: number, { name, file, onRow }: Task): JournalReport {
  const { path, layout } = file;
  const span = { from: 0, to: fstatSync(fd).size };
  const { tombstones } = survey(fd, span);
  const accepted = createHash('sha256');
  const counts: Record<string, number> = {};
  const problems: Problem[] = [];
  const row = rowChecks();
  let takenBack = 0;
  let more = 0;
  for (const line of linesForward(fd, span)) {
    const note = (problem: Problem): void => {
      if (problems.length < MOST_PROBLEMS) problems.push(located(problem, path, line.line));
      else more += 1;
    };
    const sha256 = lineSha256(line.bytes);
    if (isTakenBack(line.bytes, line.offset, tombstones)) {
      row.takenBack(sha256);
      takenBack += 1;
      continue;
    }
    const found = rowOf<JournalRow>(line, layout);
    if (!found.ok) {
      note(tornOr(found, line));
      continue;
    }
    counts[found.value.row.kind] = (counts[found.value.row.kind] ?? 0) + 1;
    if (found.value.row.kind !== 'tombstone') {
      accepted.update(line.bytes).update('\n');
      if (line.next !== null) onRow(found.value.row, line.offset);
    }
    for (const problem of [...found.value.notes, ...row.problemsOf(found.value.row, sha256)]) note(problem);
  }
  if (more > 0) problems.push({ code: 'row-not-valid', file: path, message: `${path}: ${more} more problems` });
  const acceptedSha256 = accepted.digest('hex');
  return { name, file: path, bytes: span.to, counts, takenBack, acceptedSha256, problems };
}

/** What can only be told by the rows before. */
function rowChecks(): {
  takenBack(sha256: string): void;
  problemsOf(row: JournalRow, sha256: string): readonly Problem[];
} {
  const seen = keySet();
  const targets = keySet();
  const lastTs = new Map<string, number>();
  const order = (row: JournalRow): readonly Problem[] => {
    const ts = writtenAt(row);
    if (ts === null) return [];
    const before = lastTs.get(row.kind) ?? ts;
    lastTs.set(row.kind, ts);
    if (before - ts <= BACKWARDS_S) return [];
    const message = `the ${row.kind} row before it is ${Math.round(before - ts)} s younger: a clock was set back, or rows were put in`;
    return [{ code: 'row-out-of-order', message }];
  };
  const duplicate = (row: JournalRow, sha256: string): readonly Problem[] => {
    const key = eventKey(row);
    const newBytes = seen.add(sha256);
    const newKey = key === null || seen.add(`${row.kind} ${key}`);
    if (newBytes && newKey) return [];
    const message = newBytes
      ? `a ${row.kind} row with the key ${JSON.stringify(key)} came before`
      : 'the same row, to the byte, came before';
    return [
      {
        code: 'duplicate-row',
        message,
        remedy: 'It counts once where rows are counted by key; take it back to be rid of it',
      },
    ];
  };
  return {
    takenBack: (sha256) => void targets.add(sha256),
    problemsOf(row, sha256) {
      if (row.kind !== 'tombstone') return [...duplicate(row, sha256), ...order(row)];
      if (targets.has(row.target_sha256)) return order(row);
      return [{ code: 'no-such-row', message: 'it takes back a row that does not stand before it' }, ...order(row)];
    },
  };
}

function tornOr(found: Outcome<unknown> & { readonly ok: false }, { next }: Line): Problem {
  if (next !== null || found.problem.code !== 'row-not-json') return found.problem;
  const message = 'the last row has no end: its writer was stopped, or is writing it now';
  return { code: 'torn-tail', message, remedy: 'The next append closes it; nothing before it is lost' };
}

function unread(name: JournalName, file: string, problem: Problem): JournalReport {
  const acceptedSha256 = createHash('sha256').digest('hex');
  return { name, file, bytes: 0, counts: {}, takenBack: 0, acceptedSha256, problems: [problem] };
}
