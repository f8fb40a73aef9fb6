import { createInterface } from 'node:readline/promises';
import { InvalidArgumentError, type Command } from 'commander';
import { parseDurationMs } from '../config/duration.ts';
import { withFiles, nowTs, settingsOf, type FileFlags } from './config/settings-of.ts';
import { databasePath, needFile } from './database/open.ts';
import { addressOf, withAddress, type Address, type AddressFlags } from './link/address.ts';
import { askReload } from './link/ask-shim.ts';
import { answering, OperatorError, operatorCommand } from './operator-command.ts';
import { checkShim, laneFor } from './probe/lane.ts';
import { measure, type Measured, type ProbePlan } from './probe/measure.ts';
import { measuredJson, measuredLines, readingText } from './probe/report.ts';
import { isTakenOver, seed } from './probe/seed.ts';
import { PlanReader, quotaUrl } from './probe/zai-quota.ts';
import { Progress } from './progress.ts';
import { paperOf, print, printJson } from './text/terminal.ts';

interface Flags extends AddressFlags, FileFlags {
  readonly lane: string;
  readonly model: string;
  readonly requests: number;
  readonly tokens: number;
  readonly pause: number;
  readonly quotaUrl?: string;
  readonly yes?: true;
  readonly json?: true;
}

/** `shim probe glm`: measures what a plan's windows hold, by using a little of them. */
export function probeCommand(): Command {
  const glm = withFiles(
    withAddress(operatorCommand('glm', "measure what a GLM plan's windows hold, by using a little of them")),
  )
    .option('--lane <id>', 'the lane of the plan', 'zai')
    .option('--model <name>', 'a model that is routed to that lane', 'glm-4.6')
    .option('--requests <n>', 'how many small requests are sent', wholeNumber(1_000), 20)
    .option('--tokens <n>', 'about as many tokens in, and at most as many out, per request', wholeNumber(10_000), 100)
    .option('--pause <duration>', 'between two requests', pause, 1_000)
    .option('--quota-url <url>', "where the plan's use is read (default: the lane's own host)")
    .option('--yes', 'spend without asking')
    .option('--json', 'print readings and results as JSON')
    .action((flags: Flags) => answering(() => probe(flags)));
  return operatorCommand('probe', "measure what a provider's plan holds").addCommand(glm);
}

async function probe(flags: Flags): Promise<0 | 1> {
  const plan = {
    lane: flags.lane,
    model: flags.model,
    requests: flags.requests,
    tokens: flags.tokens,
    pauseMs: flags.pause,
  };
  if (!flags.yes && !isTerminal())
    throw new OperatorError(`this would spend quota: ${costOf(plan)}`, 'give --yes to go on without being asked', 2);
  const shim = addressOf(flags, process.env);
  const settings = settingsOf(flags);
  const database = databasePath(flags);
  const { origin, credential } = laneFor(plan.lane, plan.model, settings);
  await checkShim(shim, plan.lane, database);
  needFile(database);
  const reader = new PlanReader({ url: flags.quotaUrl ?? quotaUrl(origin), key: credential });
  await reader.read();
  if (!flags.yes && !(await isWanted(plan, shim))) {
    process.stderr.write('shim: nothing was sent\n');
    return 1;
  }

  const measured = await measureUntilStopped(plan, shim, reader);
  if (flags.json) printJson(measuredJson(plan, measured));
  else print(measuredLines(measured, paperOf(process.stdout, process.env).width));
  if (measured.stopped !== null) process.stderr.write(`shim: it ended early: ${measured.stopped}\n`);
  const fits = measured.fits.filter(({ pairs }) => pairs.length > 0);
  if (fits.length === 0)
    throw new OperatorError(
      'the meters have not moved enough to measure anything',
      'send more with --requests or --tokens',
    );
  const evidence = fits.map(({ meter, pairs }) => ({ meter, pairs }));
  const name = await seed(database, { version: 1, lane: plan.lane, model: plan.model, fits: evidence }, nowTs());
  await handOver(shim, database, name);
  return 0;
}

async function measureUntilStopped(plan: ProbePlan, shim: Address, reader: PlanReader): Promise<Measured> {
  const stop = new AbortController();
  const onSignal = (): void => stop.abort();
  // A second Ctrl-C ends the process at once.
  process.once('SIGINT', onSignal);
  const progress = new Progress();
  try {
    const onReading = (reading: Parameters<typeof readingText>[0]): void => progress.say(readingText(reading, plan));
    return await measure(plan, { shim, reader, signal: stop.signal, onReading });
  } finally {
    process.removeListener('SIGINT', onSignal);
    progress.clear();
  }
}

/** It is on disk by now, so a shim that is gone takes it over when it starts. */
async function handOver(shim: Address, database: string, name: string): Promise<void> {
  try {
    const refusal = await askReload(shim, null);
    if (await isTakenOver(database, name)) return;
    const why = refusal === null ? '' : ` (${refusal})`;
    throw new OperatorError(
      `the shim at ${shim.url} has not taken it over${why}`,
      'look at its /v1/readyz, or start it again',
    );
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    throw new OperatorError(`the result is kept, but ${error.what}`, error.remedy);
  }
}

function isTerminal(): boolean {
  return process.stdin.isTTY && process.stderr.isTTY;
}

async function isWanted(plan: ProbePlan, { url }: Address): Promise<boolean> {
  const asking = createInterface({ input: process.stdin, output: process.stderr });
  const closed = new AbortController();
  // Ctrl-C and the end of the input close it, and the question would wait for ever.
  asking.once('close', () => closed.abort());
  const question = `This spends quota of the plan: ${costOf(plan)}, through ${url}. Go on? [y/N] `;
  const answer = await asking.question(question, { signal: closed.signal }).catch(() => '');
  asking.close();
  return /^y(es)?$/i.test(answer.trim());
}

function costOf({ lane, model, requests, tokens }: ProbePlan): string {
  const total = (requests * tokens * 2).toLocaleString('en-US');
  return `${requests} requests for ${model} to ${lane}, each about ${tokens} tokens in and at most ${tokens} out, about ${total} tokens in all`;
}

function wholeNumber(most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (Number.isInteger(value) && value >= 1 && value <= most) return value;
    throw new InvalidArgumentError(`It must be a whole number from 1 to ${most}.`);
  };
}

const LONGEST_PAUSE_MS = 600_000;

function pause(text: string): number {
  const ms = text.trim() === '0' ? 0 : parseDurationMs(text);
  if (ms !== null && ms <= LONGEST_PAUSE_MS) return ms;
  throw new InvalidArgumentError('It must be 0, seconds (2) or a duration (500ms, 1s) of at most 10 minutes.');
}
