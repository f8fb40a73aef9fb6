import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { availableParallelism } from 'node:os';

/** The server under test has one core to itself; everything else shares the other. */
export const SERVER_CORE = 0;
export const LOAD_CORE = 1;

/** Without two cores and taskset nothing is pinned; the report says so. */
export const canPin = availableParallelism() > 1 && spawnSync('taskset', ['--version']).status === 0;

const started = new Set();

/**
 * Starts a process of the bench, pinned to a core, remembered until it has exited.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ core: number, env?: NodeJS.ProcessEnv, ipc?: boolean, cwd?: string }} options
 */
export function startPinned(command, args, { core, env, ipc = false, cwd }) {
  const stdio = ['ignore', 'pipe', 'pipe', ...(ipc ? ['ipc'] : [])];
  const full = canPin ? ['taskset', '-c', String(core), command, ...args] : [command, ...args];
  const child = spawn(full[0], full.slice(1), { stdio, cwd, env: { ...process.env, ...env } });
  started.add(child);
  child.once('exit', () => started.delete(child));
  child.on('error', () => started.delete(child));
  child.stderrText = '';
  child.stderr?.on('data', (bytes) => (child.stderrText = (child.stderrText + bytes).slice(-2000)));
  return child;
}

/** Ends one process and waits for it; SIGKILL after a second. */
export async function end(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const kill = setTimeout(() => child.kill('SIGKILL'), 1000);
  await exited;
  clearTimeout(kill);
}

/** For the way out after an error or a signal: nothing is left behind. */
export function killAll() {
  for (const child of started) {
    for (const pid of treeOf(child.pid)) signal(pid);
  }
}

function signal(pid) {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has gone already.
  }
}

/** Resolves with the first stdout line that `accept` turns into something other than undefined. */
export function firstLine(child, accept, withinMs = 20_000) {
  return new Promise((resolve, reject) => {
    let text = '';
    const timer = setTimeout(() => reject(new Error(`not ready within ${withinMs} ms: ${child.stderrText}`)), withinMs);
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`exited with ${code}: ${child.stderrText.trim().slice(-300)}`)));
    child.stdout.on('data', (bytes) => {
      text = (text + bytes).slice(-4000);
      for (const line of text.split('\n').slice(0, -1)) {
        const value = accept(line);
        if (value === undefined) continue;
        clearTimeout(timer);
        resolve(value);
      }
    });
  });
}

export async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A process and its descendants. */
export function treeOf(pid) {
  if (pid === undefined) return [];
  const children = readProc(`${pid}/task/${pid}/children`)?.trim() ?? '';
  return [pid, ...children.split(' ').filter(Boolean).map(Number).flatMap(treeOf)];
}

const TICK_US = 1e6 / Number(spawnSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }).stdout || 100);

/** CPU time of a process tree, user and system, all threads, in microseconds; null where /proc does not tell. */
export function cpuUs(pid) {
  let ticks = 0;
  for (const one of treeOf(pid)) {
    const stat = readProc(`${one}/stat`);
    if (stat === null) continue;
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    ticks += Number(fields[11]) + Number(fields[12]);
  }
  return process.platform === 'linux' ? ticks * TICK_US : null;
}

/** Resident memory of a process tree in MB. */
export function rssMb(pid) {
  let kb = 0;
  for (const one of treeOf(pid)) kb += Number(/VmRSS:\s+(\d+)/.exec(readProc(`${one}/status`) ?? '')?.[1] ?? 0);
  return process.platform === 'linux' ? kb / 1024 : null;
}

/** Busy microseconds of one core since boot: what nobody of ours used shows a noisy machine. */
export function coreBusyUs(core) {
  const line = readProc('stat')
    ?.split('\n')
    .find((one) => one.startsWith(`cpu${core} `));
  if (line === undefined) return null;
  const [user, nice, system, , , irq, soft, steal] = line.split(' ').slice(1).map(Number);
  return (user + nice + system + irq + soft + steal) * TICK_US;
}

/** Nothing under /proc but processes that are gone reads as null. */
function readProc(path) {
  try {
    return readFileSync(`/proc/${path}`, 'utf8');
  } catch {
    return null;
  }
}
