// Child processes of a script: started with a spotless environment, ended by process id, never left behind.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { Mismatch } from './expect.mjs';

/** A server that could not be started; the message is for people. */
export class StartError extends Error {}

const running = new Set();

/**
 * A long-running program that prints one JSON line once it is ready.
 * @returns {Promise<{ ready: object, stop: () => Promise<void>, said: () => string }>}
 */
export async function startServer(command, args, { env, name, timeoutMs = 15_000 }) {
  const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  running.add(child);
  const ended = once(child, 'close').then(([code]) => {
    running.delete(child);
    return code;
  });
  const output = keepTail(child.stderr);
  const lines = createInterface({ input: child.stdout });
  const firstLine = once(lines, 'line').then(([line]) => line);
  const outcome = await Promise.race([firstLine, ended.then(() => undefined), sleep(timeoutMs, undefined, UNREF)]);
  if (outcome === undefined) {
    const end = child.exitCode ?? child.signalCode;
    child.kill('SIGKILL');
    const why = end === null ? `nothing heard for ${timeoutMs / 1000} s` : `it ended with ${end}`;
    throw new StartError(`${name} did not start: ${complaint(output()) ?? why}`);
  }
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGTERM');
    if ((await Promise.race([ended.then(() => true), sleep(3000, false, UNREF)])) === false) child.kill('SIGKILL');
    await ended;
  };
  return { ready: JSON.parse(outcome), stop, said: output, isRunning: () => running.has(child) };
}

/**
 * A program that ends by itself; its whole process group is ended when it does not.
 * @returns {Promise<{ code: number | null, out: string, err: string, timedOut: boolean }>}
 */
export async function runToEnd(command, args, { env, cwd, timeoutMs, stdio = ['ignore', 'pipe', 'pipe'] }) {
  // A group of its own: a client's tool processes end together with it.
  const child = spawn(command, args, { env, cwd, stdio, detached: process.platform !== 'win32' });
  running.add(child);
  const out = child.stdout === null ? () => '' : keepTail(child.stdout);
  const err = child.stderr === null ? () => '' : keepTail(child.stderr);
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    kill(child);
  }, timeoutMs);
  try {
    const code = await new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    return { code, out: out(), err: err(), timedOut };
  } finally {
    clearTimeout(timer);
    running.delete(child);
  }
}

/** For exits that can't wait. */
export function killAll() {
  for (const child of running) kill(child);
}

/** Calls `read` until it returns something, or says what it waited for. */
export async function until(what, read, timeoutMs = 5000) {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const value = await read();
    if (value !== undefined) return value;
    if (Date.now() > deadline) throw new Mismatch(`waited ${timeoutMs / 1000} s in vain for ${what}`);
    await sleep(20);
  }
}

const UNREF = { ref: false };
const KEPT_CHARACTERS = 1_000_000;

/** Of a stack trace the line that says what happened; else the last line printed. */
function complaint(text) {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return lines.find((line) => /^\w*Error\b/u.test(line)) ?? lines.at(-1);
}

function keepTail(stream) {
  let text = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk) => (text = (text + chunk).slice(-KEPT_CHARACTERS)));
  return () => text;
}

function kill(child) {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    // Only children of runToEnd lead a group; for others the negative id does not exist.
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    child.kill('SIGKILL');
  }
}
