import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'node:net';
import { end, firstLine, SERVER_CORE, startPinned } from '../processes.mjs';

const HOOKS = join(import.meta.dirname, '..', 'hooks');

/**
 * Starts a server written for Node, with a hook that measures its event loop on demand (SIGUSR2) and one that keeps
 * it on loopback.
 *
 * @param {{ args: string[], folder: string, env?: NodeJS.ProcessEnv, ready?: (line: string) => unknown, port?: number, plain?: boolean }} wanted
 *   `ready` reads the line that says it listens; without it, `port` is tried until it answers. `plain`: no hooks.
 */
export async function startNodeServer({ args, folder, env, ready, port, plain = false }) {
  const delayFile = join(folder, 'loop-delay.json');
  const hooks = plain ? [] : ['--import', join(HOOKS, 'loop-delay.mjs'), '--import', join(HOOKS, 'loopback-only.mjs')];
  const spawnedMs = performance.now();
  const child = startPinned(process.execPath, [...hooks, ...args], {
    core: SERVER_CORE,
    cwd: folder,
    env: { NODE_ENV: 'production', ...env, CCP_BENCH_LOOP_DELAY: delayFile },
  });
  const said = ready === undefined ? await untilOpen(child, port ?? 0) : await firstLine(child, ready);
  const readyMs = performance.now() - spawnedMs;
  child.stdout.resume();
  return {
    said,
    readyMs,
    pid: child.pid,
    stop: () => end(child),
    loopDelay: plain ? undefined : () => askLoopDelay(child, delayFile),
  };
}

async function untilOpen(child, port) {
  const until = performance.now() + 20_000;
  while (performance.now() < until) {
    if (child.exitCode !== null) throw new Error(`exited with ${child.exitCode}: ${child.stderrText.slice(-300)}`);
    if (await opens(port)) return port;
    await pause(20);
  }
  throw new Error('did not listen within 20 s');
}

function opens(port) {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port }, () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

async function askLoopDelay(child, file) {
  rmSync(file, { force: true });
  child.kill('SIGUSR2');
  for (let tries = 0; tries < 100 && !existsSync(file); tries += 1) await pause(20);
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : null;
}

function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
