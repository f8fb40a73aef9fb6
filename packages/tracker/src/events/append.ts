import { closeSync, fdatasyncSync, fstatSync, mkdirSync, openSync, readSync, writeSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { systemErrorCode } from '../problem.ts';
import type { Outcome, Problem } from '../problem.ts';
import { withLock } from './journal-lock.ts';
import { syncFolder } from './replace-file.ts';

/** What an append did. */
export interface Written {
  readonly rows: number;
  /** Where an earlier row had been left unfinished; null: nowhere. */
  readonly tornTail: Problem | null;
}

/** Long enough for fifty writers on a busy machine to have their turn; a holder that is gone is noticed at once. */
const WAIT_MS = 15_000;

const NOTHING: Written = { rows: 0, tornTail: null };

/**
 * Adds lines, durably, under the lock of the file. `choose` runs under the lock and gives the lines, so what it looks at
 * can't change before they are written. Files are 0600 and folders 0700, because rows name models, lanes and hours of
 * work; nothing is created for no lines.
 */
export async function appendLines(file: string, choose: () => Outcome<readonly Buffer[]>): Promise<Outcome<Written>> {
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    const locked = await withLock(
      `${file}.lock`,
      (): Outcome<Written> => {
        const chosen = choose();
        if (!chosen.ok) return chosen;
        return chosen.value.length === 0 ? { ok: true, value: NOTHING } : write(file, chosen.value);
      },
      { waitMs: WAIT_MS },
    );
    return locked.ok ? locked.value : locked;
  } catch (error) {
    return { ok: false, problem: unwritable(file, error) };
  }
}

/**
 * Synchronous on purpose: no signal handler and no other append of this process can come between the look at the tail
 * and the write. One `write` for each whole row, so that a reader or a writer without our lock never sees half of it.
 */
function write(file: string, lines: readonly Buffer[]): Outcome<Written> {
  const fd = openSync(file, 'a+', 0o600);
  let rows = 0;
  try {
    const { size } = fstatSync(fd);
    const torn = endsMidRow(fd, size);
    // Completed, never cut: another writer may be about to finish that row, and a cut would lose what it wrote.
    if (torn) writeSync(fd, '\n');
    for (const line of lines) {
      const written = writeSync(fd, line);
      if (written !== line.length) throw Object.assign(new Error('short write'), { code: 'ENOSPC' });
      rows += 1;
    }
    fdatasyncSync(fd);
    if (size === 0) syncFolder(dirname(file));
    return { ok: true, value: { rows, tornTail: torn ? tornTail(file, size) : null } };
  } catch (error) {
    return { ok: false, problem: unwritable(file, error, { rows, of: lines.length }) };
  } finally {
    closeSync(fd);
  }
}

/** Whether the last row of the file has no line end. */
function endsMidRow(fd: number, size: number): boolean {
  if (size === 0) return false;
  const last = Buffer.alloc(1);
  readSync(fd, last, 0, 1, size - 1);
  return last[0] !== 0x0a;
}

function tornTail(file: string, size: number): Problem {
  return {
    code: 'torn-tail',
    file,
    message: `${basename(file)} ended in the middle of a row (byte ${size}): a writer was stopped. The row was closed and the new one is whole`,
  };
}

/** @throws what is no refusal by the operating system */
function unwritable(file: string, error: unknown, done?: { readonly rows: number; readonly of: number }): Problem {
  const code = systemErrorCode(error);
  if (code === undefined) throw error;
  const so = done === undefined || done.rows === 0 ? '' : ` after ${done.rows} of ${done.of} rows`;
  const remedy = 'Choose a folder you may write to and that has room: --data-dir DIR (TRACKER_DATA_DIR)';
  return { code: 'journal-unwritable', file, message: `${file} cannot be written (${code})${so}`, remedy };
}
