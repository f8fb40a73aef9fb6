import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { BackgroundError } from './background-error.ts';

/** What is written down of a process in the background. */
export interface PidRecord {
  readonly pid: number;
  /** When the process began, in the system's own words: a number used again by another process is told apart. Null: not known. */
  readonly began: string | null;
  readonly argv: readonly string[];
  readonly log: string;
  /** ISO 8601. */
  readonly started_at: string;
}

/** The process of the pidfile, when it still runs; a file left behind by one that ended counts as none. */
export function runningIn(file: string): PidRecord | null {
  const record = readRecord(file);
  return record !== null && isRunning(record) ? record : null;
}

export function isRunning({ pid, began }: Pick<PidRecord, 'pid' | 'began'>): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it runs, and belongs to somebody else.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  const now = beganAt(pid);
  return began === null || now === null ? !isZombie(pid) : now === began && !isZombie(pid);
}

/**
 * Claims the file for this process, so that two starts at the same time make one process. Throws `BackgroundError` when
 * another one holds it.
 */
export function claim(file: string, record: PidRecord): void {
  mkdirSync(dirname(file), { recursive: true });
  for (let tries = 0; tries < 3; tries++) {
    try {
      writeFileSync(file, JSON.stringify(record), { flag: 'wx', mode: 0o600 });
      return;
    } catch (error) {
      const { code = 'error' } = error as NodeJS.ErrnoException;
      if (code !== 'EEXIST')
        throw new BackgroundError(`${file} can't be written (${code})`, 'check the folder, its owner and its mode');
      if (runningIn(file) !== null) break;
      rmSync(file, { force: true });
    }
  }
  throw new BackgroundError(`${file} is held by another start`, 'wait for it, or look with service status');
}

/** Puts another record in the file's place, whole or not at all. */
export function replaceRecord(file: string, record: PidRecord): void {
  const part = `${file}.${process.pid}.part`;
  writeFileSync(part, JSON.stringify(record), { mode: 0o600 });
  renameSync(part, file);
}

/** When a process began: ticks since boot on Linux, the start time `ps` prints elsewhere; null: not known. */
export function beganAt(pid: number): string | null {
  const stat = statOf(pid);
  // proc(5): the 22nd field; the second, in parentheses, may hold blanks.
  if (stat !== null) return stat[19] ?? null;
  if (process.platform === 'win32' || process.platform === 'linux') return null;
  try {
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim() || null;
  } catch {
    return null;
  }
}

/** A child nobody has waited for yet has ended all the same. */
function isZombie(pid: number): boolean {
  return statOf(pid)?.[0] === 'Z';
}

/** The fields of /proc/PID/stat from the third on, the state. */
function statOf(pid: number): readonly string[] | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return null;
  }
}

function readRecord(file: string): PidRecord | null {
  try {
    const value = JSON.parse(readFileSync(file, 'utf8')) as Partial<PidRecord> | null;
    if (typeof value?.pid !== 'number' || !Array.isArray(value.argv)) return null;
    const { pid, began = null, argv, log = '', started_at = '' } = value;
    return { pid, began, argv, log, started_at };
  } catch {
    return null;
  }
}
