import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemErrorCode } from '../problem.ts';
import type { Outcome, Problem } from '../problem.ts';
import { journalNames, layoutOf } from './journal-files.ts';
import type { JournalName } from './journal-files.ts';
import { unreadable } from './open-file.ts';
import type { JournalRow } from './row-families.ts';
import { verifyJournal } from './verify-journal.ts';
import type { JournalReport } from './verify-journal.ts';

/** A file that a rollup of the journals was written to, and how to compute it again. */
export interface RollupCheck {
  /** Name in the data folder, such as `metrics_summary.json`. */
  readonly file: string;
  /** Takes every row that counts, journal by journal, and where it stands. */
  readonly add: (row: JournalRow, place: RowPlace) => void;
  /** The text of the file, from the rows it was given. Must not depend on anything else. */
  readonly text: () => string;
  /** The same from the rows there were when the file was written; absent: they are not known. */
  readonly textThen?: () => { readonly text: string; readonly rowsSince: number };
}

export interface RowPlace {
  readonly journal: JournalName;
  /** In bytes. */
  readonly offset: number;
}

export interface RollupReport {
  readonly file: string;
  /** `behind`: it follows from the rows there were; others came since. */
  readonly state: 'same' | 'behind' | 'differs' | 'absent';
  /** Rows that came since; 0 unless it is behind. */
  readonly rowsSince: number;
}

/** What a look at all journals found. */
export interface Verification {
  /** Journals that are there. */
  readonly journals: readonly JournalReport[];
  readonly rollups: readonly RollupReport[];
  /** Of all journals and rollups, by file and line. */
  readonly problems: readonly Problem[];
}

/**
 * Reads every journal of a folder and says what is wrong in it: torn, foreign, invalid, duplicate and out-of-order rows,
 * tombstones without a target. Computes each rollup again and compares it with its file, byte by byte. Changes nothing.
 */
export function verifyJournals(dir: string, rollups: readonly RollupCheck[] = []): Verification {
  const journals = journalNames.flatMap((name) => {
    const file = { path: join(dir, name), layout: layoutOf(name) };
    const report = verifyJournal(name, file, (row, offset) =>
      rollups.forEach(({ add }) => add(row, { journal: name, offset })),
    );
    return report === null ? [] : [report];
  });
  const checks = rollups.map((rollup) => checkRollup(dir, rollup));
  return {
    journals,
    rollups: checks.map(({ file, state, rowsSince }) => ({ file, state, rowsSince })),
    problems: [...journals.flatMap(({ problems }) => problems), ...checks.flatMap(({ problems }) => problems)],
  };
}

function checkRollup(
  dir: string,
  { file, text, textThen }: RollupCheck,
): RollupReport & { readonly problems: readonly Problem[] } {
  const path = join(dir, file);
  const kept = bytesOf(path);
  const found = { file, rowsSince: 0, problems: [] };
  if (!kept.ok) return { ...found, state: 'differs', problems: [kept.problem] };
  if (kept.value === null) return { ...found, state: 'absent' };
  const expected = Buffer.from(text());
  if (expected.equals(kept.value)) return { ...found, state: 'same' };
  const then = textThen?.();
  if (then !== undefined && Buffer.from(then.text).equals(kept.value))
    return { ...found, state: 'behind', rowsSince: then.rowsSince };
  return { ...found, state: 'differs', problems: [differing(path, kept.value, expected)] };
}

/** Null: there is no file. */
function bytesOf(path: string): Outcome<Buffer | null> {
  try {
    return { ok: true, value: readFileSync(path) };
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
    const problem = unreadable(path, error);
    return problem === null ? { ok: true, value: null } : { ok: false, problem };
  }
}

function differing(path: string, kept: Buffer, expected: Buffer): Problem {
  const at = expected.findIndex((byte, index) => byte !== kept[index]);
  const offset = at === -1 ? expected.length : at;
  const line = kept.subarray(0, offset).toString('latin1').split('\n').length;
  return {
    code: 'rollup-differs',
    file: path,
    line,
    message: `${path} is not what the journals give: it differs from byte ${offset} (line ${line})`,
    remedy: 'Compute it again: tracker rollup, with the --prices it was written with',
  };
}
