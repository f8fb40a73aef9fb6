import { InvalidArgumentError, Option, type Command } from 'commander';
import { addressOf, withAddress, type Address, type AddressFlags } from './link/address.ts';
import { askUsage } from './link/ask-shim.ts';
import { answering, OperatorError, operatorCommand } from './operator-command.ts';
import { statusLines, type Wanted } from './status/draw.ts';
import { BLANK, type Line } from './text/line.ts';
import { drawUntilStopped } from './text/live-screen.ts';
import { clock } from './text/numbers.ts';
import { printable } from './text/printable.ts';
import { onPaper, paperOf, print, printJson, type Paper } from './text/terminal.ts';

interface Flags extends AddressFlags {
  readonly speeds?: true;
  readonly debugQuota?: true;
  readonly json?: true;
  readonly watch?: true;
  readonly interval: number;
}

/** `shim status`: how full, how fast and how well a running shim is. */
export function statusCommand(): Command {
  return withAddress(operatorCommand('status', 'show quotas, speeds, lanes and meters of a running shim'))
    .option('--speeds', 'show speeds instead of quotas')
    .option('--debug-quota', 'also show what the quotas rest on: reset gaps, fitted capacities, tokens set aside')
    .option('--json', 'print the answer of the shim; with --watch one line per interval')
    .option('--watch', 'draw again and again until q or Ctrl-C')
    .addOption(
      new Option('--interval <seconds>', 'time between two drawings; means --watch')
        .argParser(seconds)
        .implies({ watch: true })
        .default(2),
    )
    .action((flags: Flags) => answering(() => status(flags)));
}

async function status(flags: Flags): Promise<0 | 1> {
  const address = addressOf(flags, process.env);
  if (flags.watch) return watch(address, flags);
  const usage = await askUsage(address);
  if (flags.json) printJson(usage);
  else print(statusLines(usage, paperOf(process.stdout, process.env), wantedOf(flags)));
  return 0;
}

async function watch(address: Address, flags: Flags): Promise<0> {
  const stop = untilStopped();
  const { stdin, stdout } = process;
  let lastTs: number | null = null;
  const draw = async (): Promise<readonly string[]> => {
    const paper = paperOf(stdout, process.env);
    try {
      const usage = await askUsage(address, stop.signal);
      lastTs = usage.ts;
      if (flags.json) return [JSON.stringify(usage)];
      return onPaper([heading(address, flags), BLANK, ...statusLines(usage, paper, wantedOf(flags)), BLANK], paper);
    } catch (error) {
      if (!(error instanceof OperatorError)) throw error;
      if (stop.signal.aborted) return [];
      if (!flags.json) return onPaper([heading(address, flags), BLANK, ...down(error, lastTs, paper), BLANK], paper);
      process.stderr.write(`shim: ${printable(error.message)}\n`);
      return [];
    }
  };
  // An answer as JSON is for a program, which reads lines also from a terminal.
  await drawUntilStopped({ stdin, stdout, everyMs: flags.interval * 1000, stop, inPlace: flags.json !== true }, draw);
  return 0;
}

function heading({ url }: Address, { interval }: Flags): Line {
  const time = new Date().toLocaleTimeString('en-GB');
  return [
    { text: `shim at ${url}  ${time}  every ${interval}s${process.stdout.isTTY ? '  q quits' : ''}`, tone: 'bold' },
  ];
}

function down({ what, remedy }: OperatorError, lastTs: number | null, { tz }: Paper): Line[] {
  const last: Line[] = lastTs === null ? [] : [[{ text: `  last answer at ${clock(lastTs, Date.now() / 1000, tz)}` }]];
  return [
    [{ text: `■ ${what}`, tone: 'block' }],
    [{ text: `  ${remedy}` }],
    ...last,
    [{ text: '  asking again', tone: 'dim' }],
  ];
}

function wantedOf(flags: Flags): Wanted {
  return { speeds: flags.speeds === true, debugQuota: flags.debugQuota === true };
}

function seconds(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0.1 && value <= 86_400))
    throw new InvalidArgumentError('Give seconds between 0.1 and 86400.');
  return value;
}

/** Aborted by the first signal that asks to leave. A second one ends the process at once, as if nobody listened. */
function untilStopped(): AbortController {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => stop.abort());
  return stop;
}
