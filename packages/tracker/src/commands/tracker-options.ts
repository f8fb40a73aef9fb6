import { homedir } from 'node:os';
import { InvalidArgumentError } from 'commander';
import type { Command } from 'commander';
import { openBook } from '../events/book.ts';
import { dataDir } from '../events/data-dir.ts';
import { readingKeeper } from '../events/keep-readings.ts';
import type { Tracker } from '../observation.ts';
import { problemLine } from '../problem.ts';
import { DEFAULT_CCP_URL, parseCcpUrl } from '../sources/shim/ccp-url.ts';
import { DATA_DIR_HELP } from './book-options.ts';

export interface TrackerOptions {
  readonly ccpUrl?: string;
  readonly dataDir?: string;
}

/** Adds the options that say where to read and where to keep. */
export function withTrackerOptions(command: Command): Command {
  return command
    .option('--ccp-url <url>', `where the shim listens, on this machine (CCP_BASE_URL, default ${DEFAULT_CCP_URL})`)
    .option('--data-dir <dir>', DATA_DIR_HELP);
}

/** The tracker the options and the environment describe; a wrong address is an error of the command line. */
export function trackerOf(options: TrackerOptions, command: Command, signal: AbortSignal): Tracker {
  const url = parseCcpUrl(options.ccpUrl ?? (process.env['CCP_BASE_URL'] || DEFAULT_CCP_URL));
  if (!url.ok) return command.error(`error: ${problemLine(url.problem)}`);
  const book = openBook(dataDir(options.dataDir, process.env, homedir()));
  return { ccpUrl: url.value, book, readings: readingKeeper(book), clock: () => Date.now() / 1000, signal };
}

/** Parses `--interval`, in seconds. */
export function intervalSeconds(text: string): number {
  const seconds = Number(text);
  if (text.trim() === '' || !(seconds >= 0.1 && seconds <= 86_400)) {
    throw new InvalidArgumentError('Give seconds between 0.1 and 86400.');
  }
  return seconds;
}

/** Aborted by the first SIGINT or SIGTERM. A second one ends the process at once, as if nobody listened. */
export function untilStopped(): AbortController {
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort());
  process.once('SIGTERM', () => stop.abort());
  return stop;
}
