import { homedir } from 'node:os';
import { join } from 'node:path';
import { InvalidArgumentError } from 'commander';
import type { Command } from 'commander';
import { cccSnapshots } from '../events/ccc-snapshot.ts';
import { dataDir, WINDOWS_JOURNAL } from '../events/data-dir.ts';
import { openJournal } from '../events/journal.ts';
import type { Tracker } from '../flow.ts';
import { problemLine } from '../problem.ts';
import { DEFAULT_CCP_URL, parseCcpUrl } from '../sources/shim/ccp-url.ts';

export interface TrackerOptions {
  readonly ccpUrl?: string;
  readonly dataDir?: string;
}

/** Adds the options that say where to read and where to keep. */
export function withTrackerOptions(command: Command): Command {
  return command
    .option('--ccp-url <url>', `where the shim listens, on this machine (CCP_BASE_URL, default ${DEFAULT_CCP_URL})`)
    .option('--data-dir <dir>', 'where journals are kept (TRACKER_DATA_DIR, default $XDG_DATA_HOME/ccp/tracker)');
}

/** The tracker the options and the environment describe; a wrong address is an error of the command line. */
export function trackerOf(options: TrackerOptions, command: Command, signal: AbortSignal): Tracker {
  const url = parseCcpUrl(options.ccpUrl ?? (process.env['CCP_BASE_URL'] || DEFAULT_CCP_URL));
  if (!url.ok) return command.error(`error: ${problemLine(url.problem)}`);
  const file = join(dataDir(options.dataDir, process.env, homedir()), WINDOWS_JOURNAL);
  return { ccpUrl: url.value, journal: openJournal(file, cccSnapshots), clock: () => Date.now() / 1000, signal };
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
