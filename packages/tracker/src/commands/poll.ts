import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { record } from '../flow.ts';
import type { Recorded, Tracker } from '../observation.ts';
import { problemLine } from '../problem.ts';
import { shownUrl } from '../sources/shim/ccp-url.ts';
import { pollLine } from '../views/text/poll-line.ts';
import { intervalSeconds, trackerOf, untilStopped, withTrackerOptions } from './tracker-options.ts';
import type { TrackerOptions } from './tracker-options.ts';
import { watchLog } from './watch-log.ts';

export interface WatchOptions extends TrackerOptions {
  readonly interval: number;
  readonly json?: true;
}

interface Options extends WatchOptions {
  readonly once?: true;
  readonly watch?: true;
}

/** `tracker poll`: keeps what the shim says about usage. */
export function addPoll(program: Command, done: (code: number) => void): void {
  const command = program
    .command('poll')
    .description('read the shim and keep its state, its meters and its turns')
    .option('--once', 'read once and keep the reading; exit 1 when it could not be read or kept')
    .option('--watch', 'read until stopped and keep a reading when it says something new')
    .option('--interval <seconds>', 'time between two readings of --watch', intervalSeconds, 10)
    .option('--json', 'print the rows instead of one line for people');
  withTrackerOptions(command).action(async (options: Options) => {
    if (options.once === options.watch) command.error('error: say --once or --watch');
    done(options.once ? await pollOnce(options, command) : await watch(options, command));
  });
}

async function pollOnce(options: WatchOptions, command: Command): Promise<number> {
  const tracker = trackerOf(options, command, untilStopped().signal);
  const recorded = await record(tracker, 'every');
  if (!recorded.ok) {
    tell(`error: ${problemLine(recorded.problem)}`);
    return 1;
  }
  for (const note of recorded.value.notes) tell(`note: ${problemLine(note)}`);
  print(recorded.value, options);
  return 0;
}

/** Polls until stopped. */
export async function watch(options: WatchOptions, command: Command): Promise<number> {
  const tracker = trackerOf(options, command, untilStopped().signal);
  const log = watchLog(tracker.clock);
  tell(
    `watching ${shownUrl(tracker.ccpUrl)} every ${options.interval} s; rows go to ${tracker.book.dir}; Ctrl-C stops`,
  );
  while (!isStopped(tracker)) {
    const recorded = await record(tracker, 'changed');
    if (isStopped(tracker) && !recorded.ok) break;
    for (const line of log(recorded)) tell(line);
    if (recorded.ok && (recorded.value.appended || recorded.value.turns.added > 0)) print(recorded.value, options);
    // Rejects when stopped; the loop then ends by itself.
    await sleep(options.interval * 1000, undefined, { signal: tracker.signal }).catch(() => undefined);
  }
  return 0;
}

function isStopped({ signal }: Tracker): boolean {
  return signal?.aborted === true;
}

function print({ row, overview, turns }: Recorded, { json }: WatchOptions): void {
  if (json) return void process.stdout.write(`${JSON.stringify(row)}\n`);
  const count = turns.added;
  const added = count === 0 ? '' : ` · ${count} new turn${count === 1 ? '' : 's'}`;
  process.stdout.write(`${pollLine(overview)}${added}\n`);
}

function tell(line: string): void {
  process.stderr.write(`${line}\n`);
}
