import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, fstatSync, mkdirSync, openSync, readSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { BackgroundError } from './background-error.ts';
import { logFileOf, pidFileOf } from './background-program.ts';
import type { BackgroundProgram, Plan } from './background-program.ts';
import { beganAt, claim, isRunning, replaceRecord, runningIn } from './pid-file.ts';
import type { PidRecord } from './pid-file.ts';

/** A start that says nothing for so long has failed. */
const READY_WITHIN_MS = 30_000;
const LOOK_EVERY_MS = 25;
/** Of the log, when a start fails. */
const TOLD_LINES = 12;

/** The process of the pidfile; null: none runs. */
export function detachedOf(program: BackgroundProgram, stateDir: string): PidRecord | null {
  return runningIn(pidFileOf(program, stateDir));
}

/**
 * Starts the program in a session of its own and waits until it says it is ready. Throws `BackgroundError` when it runs
 * already, ends before it is ready, or is not ready in time (then it is ended).
 */
export async function startDetached(program: BackgroundProgram, plan: Plan): Promise<PidRecord> {
  const pidFile = pidFileOf(program, plan.stateDir);
  const log = logFileOf(program, plan.stateDir);
  const [file = process.execPath, ...args] = plan.argv;
  const started_at = new Date().toISOString();
  claim(pidFile, { pid: process.pid, began: beganAt(process.pid), argv: plan.argv, log, started_at });
  try {
    mkdirSync(plan.stateDir, { recursive: true });
    const fd = openSync(log, 'a+', 0o600);
    try {
      const from = fstatSync(fd).size;
      const child = spawn(file, args, {
        detached: true,
        stdio: ['ignore', fd, fd],
        cwd: plan.stateDir,
        env: { ...process.env, ...plan.env },
        windowsHide: true,
      });
      const ended: string[] = [];
      child.once('error', (error) => ended.push(error.message));
      child.once('exit', (code, signal) => ended.push(signal === null ? `exit ${code}` : signal));
      const pid = child.pid;
      const record = {
        pid: pid ?? 0,
        began: pid === undefined ? null : beganAt(pid),
        argv: plan.argv,
        log,
        started_at,
      };
      if (pid !== undefined) replaceRecord(pidFile, record);
      await untilReady(program, child, { fd, from, log, ended });
      child.unref();
      return record;
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    rmSync(pidFile, { force: true });
    throw error;
  }
}

interface Watched {
  /** The log, open, and where what this start writes begins. */
  readonly fd: number;
  readonly from: number;
  readonly log: string;
  /** Filled when the process ends. */
  readonly ended: readonly string[];
}

async function untilReady(
  { command, ready }: BackgroundProgram,
  child: ChildProcess,
  { fd, from, log, ended }: Watched,
): Promise<void> {
  const deadline = Date.now() + READY_WITHIN_MS;
  while (!ready.test(readFrom(fd, from))) {
    if (ended.length > 0)
      throw new BackgroundError(
        `${command} ended before it was ready (${ended.join(', ')})${tail(fd, from)}`,
        `mend it, then start again; the log is ${log}`,
      );
    if (Date.now() > deadline) {
      child.kill('SIGKILL');
      const after = `${READY_WITHIN_MS / 1000} s`;
      throw new BackgroundError(`${command} was not ready within ${after}${tail(fd, from)}`, `the log is ${log}`);
    }
    await sleep(LOOK_EVERY_MS);
  }
}

/** Ends the process: SIGTERM, and SIGKILL where `force` is set and it takes too long. Answers what ran; null: nothing did. */
export async function stopDetached(
  program: BackgroundProgram,
  stateDir: string,
  { force, withinMs }: { readonly force: boolean; readonly withinMs: number },
): Promise<PidRecord | null> {
  const pidFile = pidFileOf(program, stateDir);
  const record = runningIn(pidFile);
  if (record === null) {
    rmSync(pidFile, { force: true });
    return null;
  }
  process.kill(record.pid, 'SIGTERM');
  if (!(await endsWithin(record, withinMs))) {
    if (!force)
      throw new BackgroundError(
        `${program.command} (pid ${record.pid}) still finishes running streams after ${withinMs / 1000} s`,
        'wait, or end it at once with --force',
      );
    process.kill(record.pid, 'SIGKILL');
    await endsWithin(record, withinMs);
  }
  rmSync(pidFile, { force: true });
  return record;
}

async function endsWithin(record: PidRecord, ms: number): Promise<boolean> {
  const deadline = Date.now() + ms;
  while (isRunning(record)) {
    if (Date.now() > deadline) return false;
    await sleep(LOOK_EVERY_MS);
  }
  return true;
}

function readFrom(fd: number, from: number): string {
  const length = Math.max(0, fstatSync(fd).size - from);
  const bytes = Buffer.alloc(length);
  return bytes.toString('utf8', 0, readSync(fd, bytes, 0, length, from));
}

function tail(fd: number, from: number): string {
  const said = readFrom(fd, from).trim();
  return said === '' ? '' : `: ${said.split('\n').slice(-TOLD_LINES).join('\n')}`;
}
