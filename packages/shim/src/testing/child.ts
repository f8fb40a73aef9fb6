import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface Child extends AsyncDisposable {
  readonly process: ChildProcess;
  readonly home: string;
  stdout(): string;
  stderr(): string;
  /** The first JSON line on stdout. */
  ready(): Promise<Record<string, unknown>>;
  /** Exit code, or the signal that ended it. */
  exit(): Promise<number | string>;
}

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const ROOT = fileURLToPath(new URL('../../../..', import.meta.url));

/** The real command as a process of its own, with a HOME of its own. Killed, and its HOME removed, at the end. */
export function runShim(args: readonly string[], env: Readonly<Record<string, string>> = {}, keptHome?: string): Child {
  const home = keptHome ?? mkdtempSync(join(tmpdir(), 'shim-home-'));
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd: ROOT,
    env: { PATH: process.env['PATH'], HOME: home, TZ: 'UTC', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  const ended = new Promise<number | string>((resolve) =>
    child.once('close', (code, signal) => resolve(code ?? signal ?? 'unknown')),
  );
  return {
    process: child,
    home,
    stdout: () => out,
    stderr: () => err,
    exit: () => ended,
    ready: async () => {
      const line = new Promise<string>((resolve) => {
        const look = (): void => {
          const end = out.indexOf('\n');
          if (end >= 0) resolve(out.slice(0, end));
        };
        child.stdout.on('data', look);
        look();
      });
      const first = await Promise.race([line, ended.then((code) => `ended with ${code} before it was ready: ${err}`)]);
      if (!first.startsWith('{')) throw new Error(first);
      return JSON.parse(first) as Record<string, unknown>;
    },
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await ended;
      if (keptHome === undefined) rmSync(home, { recursive: true, force: true });
    },
  };
}
