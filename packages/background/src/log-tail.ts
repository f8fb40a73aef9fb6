import { closeSync, existsSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** Longer logs are read from their end only. */
const MOST_BYTES = 4 * 1024 * 1024;
const LOOK_EVERY_MS = 250;

/** The last lines of a file, each with its line end. */
export function lastLines(file: string, count: number): string {
  const { size } = statSync(file);
  const from = Math.max(0, size - MOST_BYTES);
  const text = readBetween(file, from, size);
  const lines = text.split('\n');
  const last = lines.at(-1) === '' ? lines.slice(0, -1) : lines;
  const shown = count === 0 ? [] : last.slice(-count);
  return shown.length === 0 ? '' : `${shown.join('\n')}\n`;
}

/** Prints what is appended, until the process is stopped; a file made anew is read from its start. */
export async function followLog(file: string): Promise<void> {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  let at = statSync(file).size;
  while (!stop.signal.aborted) {
    const size = existsSync(file) ? statSync(file).size : 0;
    if (size < at) at = 0;
    if (size > at) process.stdout.write(readBetween(file, at, size));
    at = size;
    await sleep(LOOK_EVERY_MS, undefined, { signal: stop.signal }).catch(() => undefined);
  }
}

function readBetween(file: string, from: number, to: number): string {
  const fd = openSync(file, 'r');
  try {
    const bytes = Buffer.alloc(Math.min(to, fstatSync(fd).size) - from);
    return bytes.toString('utf8', 0, readSync(fd, bytes, 0, bytes.length, from));
  } finally {
    closeSync(fd);
  }
}
