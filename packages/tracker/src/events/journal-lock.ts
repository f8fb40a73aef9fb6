import { closeSync, openSync, readFileSync, statSync, unlinkSync, writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemErrorCode } from '../problem.ts';
import type { Outcome, Problem } from '../problem.ts';

export interface LockOptions {
  /** How long to wait for another process. */
  readonly waitMs?: number;
}

/** A lock is held for milliseconds; one this old was left behind, even if its process id is in use again. */
const STALE_MS = 30_000;

/** What takes a few microseconds without a pause: writing the id, and breaking a stale lock. Its owner was killed. */
const INSTANT_STALE_MS = 1000;

/** Locks this process holds. After a restart in a container the id in a stale lock is often our own. */
const held = new Set<string>();

/**
 * Runs `work` while no other process runs its own under the same lock file. The file holds the process id; a lock whose
 * process is gone is removed. `work` is synchronous so that a stopped process cannot hold the lock across a wait.
 *
 * @throws what `work` throws, and refusals of the file system
 */
export async function withLock<T>(
  file: string,
  work: () => T,
  { waitMs = 5000 }: LockOptions = {},
): Promise<Outcome<T>> {
  const taken = await taking(file, waitMs);
  if (!taken.ok) return taken;
  try {
    return { ok: true, value: work() };
  } finally {
    letGo(file);
  }
}

/**
 * The same for work that waits, such as for locks of journals. It has to be done well within {@link STALE_MS}: a lock
 * that is older is taken for one that was left behind.
 *
 * @throws what `work` throws, and refusals of the file system
 */
export async function whileLocked<T>(
  file: string,
  work: () => Promise<T>,
  { waitMs = 5000 }: LockOptions = {},
): Promise<Outcome<T>> {
  const taken = await taking(file, waitMs);
  if (!taken.ok) return taken;
  try {
    return { ok: true, value: await work() };
  } finally {
    letGo(file);
  }
}

async function taking(file: string, waitMs: number): Promise<Outcome<null>> {
  const deadline = performance.now() + waitMs;
  while (!acquire(file)) {
    if (isStale(file)) breakLock(file);
    else if (performance.now() > deadline) return { ok: false, problem: lockedFor(file, waitMs) };
    else await sleep(5 + Math.random() * 20);
  }
  held.add(file);
  return { ok: true, value: null };
}

function letGo(file: string): void {
  held.delete(file);
  release(file);
}

function acquire(file: string): boolean {
  let fd: number;
  try {
    fd = openSync(file, 'wx', 0o600);
  } catch (error) {
    if (systemErrorCode(error) === 'EEXIST') return false;
    throw error;
  }
  try {
    writeSync(fd, `${process.pid}\n`);
  } catch (error) {
    // A full disk: without an id the lock would only go by its age.
    removeIfThere(file);
    throw error;
  } finally {
    closeSync(fd);
  }
  return true;
}

/** Removes the lock unless it was taken from us because we were stopped for too long. */
function release(file: string): void {
  if (ownerOf(file) === process.pid) removeIfThere(file);
}

function isStale(file: string): boolean {
  const age = ageMs(file);
  if (age === null) return false;
  if (age > STALE_MS) return true;
  const owner = ownerOf(file);
  // Just created and its owner is about to write the id, or was killed before it could.
  if (owner === null) return age > INSTANT_STALE_MS;
  if (owner === process.pid) return !held.has(file);
  return !isAlive(owner);
}

/**
 * Two processes may find the same stale lock; the slower one must not remove the lock the faster one has taken since.
 * So a stale lock is removed only under a second lock, and only if it is still stale then.
 */
function breakLock(file: string): void {
  const breaker = `${file}.break`;
  if (!acquire(breaker)) {
    // Whoever broke it was killed in between.
    if ((ageMs(breaker) ?? 0) > INSTANT_STALE_MS) removeIfThere(breaker);
    return;
  }
  try {
    if (isStale(file)) removeIfThere(file);
  } finally {
    removeIfThere(breaker);
  }
}

function ageMs(file: string): number | null {
  const stat = statSync(file, { throwIfNoEntry: false });
  // Absolute: after the clock was set back, a lock from the future must not live until then.
  return stat === undefined ? null : Math.abs(Date.now() - stat.mtimeMs);
}

function ownerOf(file: string): number | null {
  try {
    const pid = Number.parseInt(readFileSync(file, 'utf8'), 10);
    return Number.isSafeInteger(pid) && pid > 0 ? pid : null;
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return null;
    throw error;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: alive, and somebody else's.
    return systemErrorCode(error) === 'EPERM';
  }
}

function removeIfThere(file: string): void {
  try {
    unlinkSync(file);
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT') throw error;
  }
}

function lockedFor(file: string, waitMs: number): Problem {
  const owner = ownerOf(file);
  return {
    code: 'journal-locked',
    file,
    message: `${file} has been held by ${owner === null ? 'another process' : `process ${owner}`} for more than ${waitMs / 1000} s`,
    remedy: 'End that process, or remove the lock file if it is not a tracker',
  };
}
