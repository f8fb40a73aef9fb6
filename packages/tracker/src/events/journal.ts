import { closeSync, fdatasyncSync, fstatSync, mkdirSync, openSync, readSync, writeSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { Parsed } from '@ccp/contracts';
import { systemErrorCode } from '../problem.ts';
import type { Outcome, Problem } from '../problem.ts';
import { withLock } from './journal-lock.ts';
import { newestRow, readRows } from './read-rows.ts';
import type { Newest } from './read-rows.ts';

/** One kind of row. A journal may hold several; rows of the others are left alone. */
export interface RowFamily<Row> {
  /** Value of the field `kind`. */
  readonly kind: string;
  readonly parse: (value: unknown) => Parsed<Row>;
}

export interface Journal<Row> {
  readonly file: string;
  /** Adds one row, durably. The value is the problem that had to be repaired first, if there was one. */
  append(row: Row): Promise<Outcome<Problem | null>>;
  /** Every row, oldest first; what cannot be used comes as a problem with file and line. */
  rows(): AsyncGenerator<Outcome<Row>>;
  /** The newest row that satisfies `accept`, read from the end of the file. */
  newest(accept?: (row: Row) => boolean): Promise<Outcome<Newest<Row>>>;
}

/**
 * An append-only file of JSON rows. Nothing is created before the first append; files are 0600 and folders 0700, because
 * rows name models, lanes and hours of work.
 */
export function openJournal<Row>(file: string, family: RowFamily<Row>): Journal<Row> {
  return {
    file,
    append: (row) => append(file, family, row),
    rows: () => readRows(file, family),
    newest: (accept = () => true) => newestRow(file, family, accept),
  };
}

async function append<Row>(file: string, family: RowFamily<Row>, row: Row): Promise<Outcome<Problem | null>> {
  const parsed = family.parse(row);
  if (!parsed.ok) return { ok: false, problem: notValid(file, parsed.problems) };
  const bytes = Buffer.from(`${JSON.stringify(row)}\n`);
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    const locked = await withLock(`${file}.lock`, () => appendBytes(file, bytes));
    return locked.ok ? { ok: true, value: locked.value } : locked;
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === undefined) throw error;
    return { ok: false, problem: unwritable(file, code) };
  }
}

/**
 * Synchronous on purpose: no signal handler and no other append of this process can come between the look at the tail
 * and the write. One `write` for the whole row, so that a reader or a writer without our lock never sees half of it.
 */
function appendBytes(file: string, bytes: Buffer): Problem | null {
  const fd = openSync(file, 'a+', 0o600);
  try {
    const tornAt = endsMidRow(fd);
    // Completed, never cut: another writer may be about to finish that row, and a cut would lose what it wrote.
    if (tornAt !== null) writeSync(fd, '\n');
    const written = writeSync(fd, bytes);
    if (written !== bytes.length) throw Object.assign(new Error('short write'), { code: 'ENOSPC' });
    fdatasyncSync(fd);
    return tornAt === null ? null : tornTail(file, tornAt);
  } finally {
    closeSync(fd);
  }
}

/** Size of the file in bytes when its last row has no line end; null when the tail is whole. */
function endsMidRow(fd: number): number | null {
  const { size } = fstatSync(fd);
  if (size === 0) return null;
  const last = Buffer.alloc(1);
  readSync(fd, last, 0, 1, size - 1);
  return last[0] === 0x0a ? null : size;
}

function tornTail(file: string, size: number): Problem {
  return {
    code: 'torn-tail',
    file,
    message: `${basename(file)} ended in the middle of a row (byte ${size}): a writer was stopped. The row was closed and the new one is whole`,
  };
}

function unwritable(file: string, code: string): Problem {
  const remedy = 'Choose a folder you may write to and that has room: --data-dir DIR (TRACKER_DATA_DIR)';
  return { code: 'journal-unwritable', file, message: `${file} cannot be written (${code})`, remedy };
}

function notValid(file: string, [first]: readonly { path: string; reason: string }[]): Problem {
  const { path = '', reason = 'is not valid' } = first ?? {};
  const message = `the row was not written to ${file}: ${path || 'the row'} ${reason}`;
  return { code: 'row-not-valid', file, pointer: path, message };
}
