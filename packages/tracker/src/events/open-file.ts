import { closeSync, openSync } from 'node:fs';
import { systemErrorCode } from '../problem.ts';
import type { Outcome, Problem } from '../problem.ts';

/** What `read` finds in a file; null: the file is not there. A file that can't be read is a problem. */
export function withFile<T>(path: string, read: (fd: number) => Outcome<T>): Outcome<T> | null {
  let fd: number | undefined;
  try {
    fd = openSync(path, 'r');
    return read(fd);
  } catch (error) {
    const problem = unreadable(path, error);
    return problem === null ? null : { ok: false, problem };
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

/**
 * Null when there simply is no file.
 *
 * @throws what is no refusal by the operating system
 */
export function unreadable(file: string, error: unknown): Problem | null {
  const code = systemErrorCode(error);
  if (code === undefined) throw error;
  if (code === 'ENOENT') return null;
  return {
    code: 'journal-unreadable',
    file,
    message: `${file} cannot be read (${code})`,
    remedy: 'Check the rights of the file, or choose another folder: --data-dir DIR (TRACKER_DATA_DIR)',
  };
}
