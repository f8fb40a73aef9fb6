import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { systemErrorCode } from '../problem.ts';
import type { Outcome } from '../problem.ts';

let count = 0;

/**
 * Replaces a file that is not a journal, such as a state or a rollup: whole and on disk, or as it was. 0600, in a folder
 * of 0700. The last one to write wins.
 */
export function replaceFile(file: string, text: string): Outcome<null> {
  const folder = dirname(file);
  count += 1;
  // Beside the file: a rename works within one file system only.
  const draft = join(folder, `.${basename(file)}.${process.pid}.${count}.draft`);
  try {
    makeFolder(folder);
    write(draft, text);
    renameSync(draft, file);
    syncFolder(folder);
    return { ok: true, value: null };
  } catch (error) {
    discard(draft);
    const code = systemErrorCode(error);
    if (code === undefined) throw error;
    const remedy = 'Choose a folder you may write to and that has room: --data-dir DIR (TRACKER_DATA_DIR)';
    return {
      ok: false,
      problem: { code: 'journal-unwritable', file, message: `${file} cannot be written (${code})`, remedy },
    };
  }
}

/** Node's own recursive way never returns from a place where nothing can be made, such as /proc. */
function makeFolder(folder: string): void {
  try {
    mkdirOnce(folder);
  } catch (error) {
    const code = systemErrorCode(error);
    if (code !== 'ENOENT' || dirname(folder) === folder) throw error;
    makeFolder(dirname(folder));
    mkdirOnce(folder);
  }
}

/** Another process may be faster. */
function mkdirOnce(folder: string): void {
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    if (systemErrorCode(error) !== 'EEXIST') throw error;
  }
}

function discard(draft: string): void {
  try {
    rmSync(draft, { force: true });
  } catch (error) {
    // Where no draft could be made, none can be removed either.
    if (systemErrorCode(error) === undefined) throw error;
  }
}

function write(file: string, text: string): void {
  // Left by a process that was killed and had our id.
  rmSync(file, { force: true });
  const fd = openSync(file, 'wx', 0o600);
  try {
    writeFileSync(fd, text);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** A new name is only there after a power cut if its folder was written too. */
export function syncFolder(folder: string): void {
  let fd: number | undefined;
  try {
    fd = openSync(folder, 'r');
    fsyncSync(fd);
  } catch (error) {
    // Not every system opens or syncs folders.
    if (systemErrorCode(error) === undefined) throw error;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}
