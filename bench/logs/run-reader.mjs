import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { treeOf } from '../processes.mjs';

const TICK_MS = 10;
const POLL_MS = 20;

/** @type {Set<import('node:child_process').ChildProcess>} */
const running = new Set();

/** For the way out after an error or a signal. Each reader leads a process group of its own. */
export function stopReaders() {
  for (const child of running) {
    try {
      process.kill(-(child.pid ?? 0), 'SIGKILL');
    } catch {
      // It has gone already.
    }
  }
}

/**
 * Runs one reader to its end.
 *
 * @param {import('./readers.mjs').Command} command
 * @returns {Promise<{ stdout: string, wall_ms: number, cpu_ms: number, rss_mb: number }>} memory is the most the process
 *   and its children held at one time
 */
export function runReader({ args: [program, ...args], env }) {
  return new Promise((resolve, reject) => {
    const cpuBefore = cpuOfChildrenMs();
    const from = performance.now();
    const child = spawn(program, args, { env: { ...process.env, ...env }, detached: true });
    running.add(child);
    const stdout = [];
    let stderr = '';
    let rss = 0;
    const poll = setInterval(() => (rss = Math.max(rss, peakMb(child.pid))), POLL_MS);
    child.stdout.on('data', (bytes) => stdout.push(bytes));
    child.stderr.on('data', (bytes) => (stderr = (stderr + bytes).slice(-500)));
    child.once('error', reject);
    child.once('close', (code) => {
      const wall = performance.now() - from;
      clearInterval(poll);
      running.delete(child);
      if (code !== 0) return reject(new Error(`${program} exited with ${code}: ${stderr.trim()}`));
      resolve({
        stdout: Buffer.concat(stdout).toString(),
        wall_ms: wall,
        cpu_ms: cpuOfChildrenMs() - cpuBefore,
        rss_mb: rss,
      });
    });
  });
}

/** CPU time of all children that have ended, theirs among them. */
function cpuOfChildrenMs() {
  const stat = readFileSync('/proc/self/stat', 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[13]) + Number(fields[14])) * TICK_MS;
}

function peakMb(pid) {
  let kb = 0;
  for (const one of treeOf(pid)) {
    try {
      kb += Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${one}/status`, 'utf8'))?.[1] ?? 0);
    } catch {
      // It has ended.
    }
  }
  return kb / 1024;
}
