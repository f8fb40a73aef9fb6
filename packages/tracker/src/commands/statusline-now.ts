import {
  mkdirSync,
  openSync,
  read,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { isatty } from 'node:tty';
import { dataDir } from '../events/data-dir.ts';
import { statuslineFacts } from '../rollups/board/statusline-facts.ts';
import type { StatuslineInput } from '../rollups/board/statusline-facts.ts';
import type { StatuslineState } from '../rollups/board/statusline-state.ts';
import { statuslineText } from '../views/text/statusline.ts';

// Loaded by main.ts without anything else of the program: a statusline has 50 ms.

export interface StatuslineOptions {
  readonly dataDir?: string;
  readonly ccpUrl?: string;
}

/** Files of the statusline in the data folder. */
export interface StatuslineFiles {
  /** What is shown, written by the refresh. */
  readonly state: string;
  /** The newest limits Claude Code told: what the refresh has to record. */
  readonly input: string;
  /** Held while one refresh runs. */
  readonly lock: string;
}

/** The state is refreshed when it is older. */
const FRESH_MS = 5_000;
/** Longer than a refresh may take; its owner is gone. */
const STALE_LOCK_MS = 30_000;
/** Whoever does not end its input in this time gets the line without it. */
const INPUT_MS = 1_000;

export function statuslineFiles(dir: string): StatuslineFiles {
  const folder = join(dir, 'state');
  return {
    state: join(folder, 'statusline.json'),
    input: join(folder, 'statusline-input.json'),
    lock: join(folder, 'statusline.lock'),
  };
}

/** The options when the command line is one of a statusline and of nothing else; null: let the whole program look. */
export function statuslineArguments(args: readonly string[]): StatuslineOptions | null {
  const options: { dataDir?: string; ccpUrl?: string } = {};
  for (let at = 0; at < args.length; at += 2) {
    const value = args[at + 1];
    if (value === undefined) return null;
    if (args[at] === '--data-dir') options.dataDir = value;
    else if (args[at] === '--ccp-url') options.ccpUrl = value;
    else return null;
  }
  return options;
}

/** Prints one line from the input and what is kept; then has it recorded and refreshed by another process, if due. */
export async function statuslineNow(options: StatuslineOptions): Promise<void> {
  const files = statuslineFiles(dataDir(options.dataDir, process.env, homedir()));
  const [{ text, isOpen }, kept] = [await readInput(), readJson<StatuslineState>(files.state)];
  const input = inputOf(text);
  print(statuslineText(statuslineFacts(input, kept, Date.now() / 1000)));
  await refreshIfDue(files, input, kept, options);
  // The pending read would keep even process.exit() waiting.
  if (isOpen) process.kill(process.pid, 'SIGTERM');
}

async function refreshIfDue(
  files: StatuslineFiles,
  input: StatuslineInput | null,
  kept: StatuslineState | null,
  options: StatuslineOptions,
): Promise<void> {
  const limits = input?.rate_limits === undefined ? null : JSON.stringify(input.rate_limits);
  const isNews = limits !== null && limits !== kept?.recorded;
  const age = kept === null ? Infinity : Date.now() - Date.parse(kept.at);
  if (!isNews && age < FRESH_MS) return;
  try {
    mkdirSync(join(files.state, '..'), { recursive: true, mode: 0o700 });
    if (isNews) keepInput(files.input, limits);
    if (takeLock(files.lock)) await startRefresh(options);
  } catch {
    // A folder that can't be written to costs freshness, not the line.
  }
}

function print(line: string): void {
  try {
    writeSync(1, `${line}\n`);
  } catch {
    // Nobody reads it any more; what it was told is kept all the same.
  }
}

/** Only the limits: the rest of the input is about the person's work. */
function keepInput(file: string, limits: string): void {
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, JSON.stringify({ at: new Date().toISOString(), rate_limits: limits }), { mode: 0o600 });
  renameSync(draft, file);
}

async function startRefresh({ dataDir: dir, ccpUrl }: StatuslineOptions): Promise<void> {
  // Most lines start none.
  const { spawn } = await import('node:child_process');
  const named = [
    ...(dir === undefined ? [] : ['--data-dir', dir]),
    ...(ccpUrl === undefined ? [] : ['--ccp-url', ccpUrl]),
  ];
  const main = process.argv[1] ?? '';
  const args = [...process.execArgv, main, 'statusline', '--refresh', ...named];
  spawn(process.execPath, args, { detached: true, stdio: 'ignore' })
    .on('error', () => undefined)
    .unref();
}

/** One refresh at a time, however often the line is asked for. The refresh gives the lock back. */
function takeLock(file: string): boolean {
  try {
    writeSync(openSync(file, 'wx', 0o600), `${process.pid}\n`);
    return true;
  } catch {
    const isStale = Date.now() - statSync(file).mtimeMs > STALE_LOCK_MS;
    if (isStale) rmSync(file, { force: true });
    return isStale && takeLock(file);
  }
}

interface Input {
  readonly text: string;
  /** It was not ended in time, and a read still waits for it. */
  readonly isOpen: boolean;
}

/** The input to its end. Not by `process.stdin`, which takes half of the time there is to be made. */
async function readInput(): Promise<Input> {
  const pieces: Buffer[] = [];
  const buffer = Buffer.alloc(65_536);
  return await new Promise((resolve) => {
    const end = (isOpen: boolean): void => {
      clearTimeout(timer);
      resolve({ text: Buffer.concat(pieces).toString('utf8'), isOpen });
    };
    const timer = setTimeout(() => end(true), INPUT_MS);
    const next = (): void =>
      read(0, buffer, 0, buffer.length, null, (error, length) => {
        if (error !== null || length === 0) return end(false);
        pieces.push(Buffer.from(buffer.subarray(0, length)));
        next();
      });
    if (isatty(0)) end(false);
    else next();
  });
}

function inputOf(text: string): StatuslineInput | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : null;
  } catch {
    return null;
  }
}

function readJson<T>(file: string): T | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as T;
  } catch {
    return null;
  }
}
