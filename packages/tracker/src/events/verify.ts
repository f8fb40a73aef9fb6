import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemErrorCode } from '../problem.ts';
import type { Outcome, Problem } from '../problem.ts';
import { journalNames, layoutOf } from './journal-files.ts';
import { unreadable } from './open-file.ts';
import type { JournalRow } from './row-families.ts';
import { verifyJournal } from './verify-journal.ts';
import type { JournalReport } from './verify-journal.ts';

/** A file that a rollup of the journals was written to, and how to compute it again. */
export interface RollupCheck {
  /** Name in the data folder, such as `metrics_summary.json`. */
  readonly file: string;
  /** Takes every row that counts, journal by journal. */
  readonly add: (row: JournalRow) => void;
  /** The text of the file, from the rows it was given. Must not depend on anything else. */
  readonly text: () => string;
}

export interface RollupReport {
  readonly file: string;
  readonly state: 'same' | 'differs' | 'absent';
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
    const report = verifyJournal(name, file, (row) => rollups.forEach(({ add }) => add(row)));
    return report === null ? [] : [report];
  });
  const checks = rollups.map((rollup) => checkRollup(dir, rollup));
  return {
    journals,
    rollups: checks.map(({ file, state }) => ({ file, state })),
    problems: [...journals.flatMap(({ problems }) => problems), ...checks.flatMap(({ problems }) => problems)],
  };
}

function checkRollup(
  dir: string,
  { file, text }: RollupCheck,
): RollupReport & { readonly problems: readonly Problem[] } {
  const path = join(dir, file);
  const kept = bytesOf(path);
  if (!kept.ok) return { file, state: 'differs', problems: [kept.problem] };
  if (kept.value === null) return { file, state: 'absent', problems: [] };
  const expected = Buffer.from(text());
  if (expected.equals(kept.value)) return { file, state: 'same', problems: [] };
  return { file, state: 'differs', problems: [differing(path, kept.value, expected)] };
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
