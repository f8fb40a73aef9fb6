import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { record } from '../flow.ts';
import { summaryKeeper } from '../keep-summary.ts';
import type { Refreshed } from '../keep-summary.ts';
import type { Recorded, Tracker } from '../observation.ts';
import { problemLine } from '../problem.ts';
import type { Outcome } from '../problem.ts';
import { shownUrl } from '../sources/shim/ccp-url.ts';
import { pollLine } from '../views/text/poll-line.ts';
import { pricesOf, withPrices } from './price-options.ts';
import type { PriceOptions } from './price-options.ts';
import { refuse } from './told.ts';
import { intervalSeconds, trackerOf, untilStopped, withTrackerOptions } from './tracker-options.ts';
import type { TrackerOptions } from './tracker-options.ts';
import { summaryOptions, withZone } from './summary-options.ts';
import type { ZoneOptions } from './summary-options.ts';
import { watchLog } from './watch-log.ts';

export interface WatchOptions extends PriceOptions, TrackerOptions, ZoneOptions {
  readonly interval: number;
  readonly json?: true;
}

interface Options extends WatchOptions {
  readonly once?: true;
  readonly watch?: true;
}

/** Rows that can't be used are told up to this number, and then counted. */
const MOST_NOTES = 5;

/** `tracker poll`: keeps what the shim says about usage. */
export function addPoll(program: Command, done: (code: number) => void): void {
  const command = program
    .command('poll')
    .description('read the shim, keep its state, its meters and its turns, and bring the files of sums up to date')
    .option('--once', 'read once and keep the reading; exit 1 when it could not be read or kept')
    .option('--watch', 'read until stopped and keep a reading when it says something new')
    .option('--interval <seconds>', 'time between two readings of --watch', intervalSeconds, 10)
    .option('--json', 'print the rows instead of one line for people');
  withTrackerOptions(withPrices(withZone(command))).action(async (options: Options) => {
    if (options.once === options.watch) command.error('error: say --once or --watch');
    done(options.once ? await pollOnce(options, command) : await watch(options, command));
  });
}

async function pollOnce(options: WatchOptions, command: Command): Promise<number> {
  const tracker = trackerOf(options, command, untilStopped().signal);
  const prices = pricesOf(options, tracker.book.dir);
  if (!prices.ok) return refuse(prices.problem);
  const recorded = await record(tracker, 'every');
  // Also where the shim does not answer: other commands add rows too.
  const summed = await summaryKeeper(tracker.book, summaryOptions(options, prices.value)).refresh();
  for (const line of summaryLines(summed)) tell(line);
  if (!recorded.ok) {
    tell(`error: ${problemLine(recorded.problem)}`);
    return 1;
  }
  for (const note of recorded.value.notes) tell(`note: ${problemLine(note)}`);
  print(recorded.value, options);
  return summed.ok ? 0 : 1;
}

/** Polls until stopped. */
export async function watch(options: WatchOptions, command: Command): Promise<number> {
  const tracker = trackerOf(options, command, untilStopped().signal);
  const prices = pricesOf(options, tracker.book.dir);
  if (!prices.ok) return refuse(prices.problem);
  const keeper = summaryKeeper(tracker.book, summaryOptions(options, prices.value));
  const log = watchLog(tracker.clock);
  const told = new Set<string>();
  tell(
    `watching ${shownUrl(tracker.ccpUrl)} every ${options.interval} s; rows go to ${tracker.book.dir}; Ctrl-C stops`,
  );
  while (!isStopped(tracker)) {
    const recorded = await record(tracker, 'changed');
    if (isStopped(tracker) && !recorded.ok) break;
    for (const line of log(recorded)) tell(line);
    for (const line of summaryLines(await keeper.refresh())) if (isFirstTime(line, told)) tell(line);
    if (recorded.ok && (recorded.value.appended || recorded.value.turns.added > 0)) print(recorded.value, options);
    // Rejects when stopped; the loop then ends by itself.
    await sleep(options.interval * 1000, undefined, { signal: tracker.signal }).catch(() => undefined);
  }
  return 0;
}

function summaryLines(summed: Outcome<Refreshed>): string[] {
  if (!summed.ok) return [`error: ${problemLine(summed.problem)}`];
  const { notes } = summed.value;
  const more = notes.length - MOST_NOTES;
  return [
    ...notes.slice(0, MOST_NOTES).map((problem) => `note: ${problemLine(problem)}`),
    ...(more > 0 ? [`note: and ${more} more like these; tracker verify names all of them`] : []),
  ];
}

function isFirstTime(line: string, told: Set<string>): boolean {
  const isNew = !told.has(line);
  told.add(line);
  return isNew;
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
