import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Command, InvalidArgumentError, Option } from 'commander';
import { parseBehaviour } from '../simulator/behaviour.ts';
import { BehaviourError } from '../simulator/checks.ts';
import { presets } from '../simulator/presets.ts';
import type { Behaviour } from '../simulator/script.ts';
import { startSimulator } from '../simulator/simulator.ts';
import type { Simulator } from '../simulator/simulator.ts';

/** `shim simulate`: a scripted Anthropic-compatible provider for demos, tests and benchmarks. */
export function simulateCommand(): Command {
  const names = Object.keys(presets);
  return new Command('simulate')
    .description('run a scripted provider that speaks the Anthropic protocol')
    .option('--port <port>', 'port to listen on, 0 = any free one', wholeNumber(65_535), 8092)
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .addOption(new Option('--preset <name>', 'ready-made behaviour').choices(names).default('healthy'))
    .addOption(new Option('--scenario <file>', 'behaviour from a JSON file').conflicts('preset'))
    .option('--pace-ms <ms>', 'time between stream events, 0 = all at once', wholeNumber(3_600_000))
    .option('--ttft-ms <ms>', 'time before an answer begins', wholeNumber(3_600_000))
    .addOption(new Option('--name <name>', 'part of every id minted here').default(anyName(), 'another at each start'))
    .addOption(new Option('--books <mode>', 'keep every request or only totals').choices(['full', 'totals']))
    .option('--json', 'print one JSON line {"url", "pid"} once it listens', false)
    .option('--list-presets', 'print the presets and leave', false)
    .action(run);
}

/** Request ids have to differ from run to run: whoever keeps turns takes equal ones for one turn told twice. */
function anyName(): string {
  return `simulator-${randomBytes(3).toString('hex')}`;
}

interface Flags {
  port: number;
  host: string;
  preset: string;
  scenario?: string;
  paceMs?: number;
  ttftMs?: number;
  name: string;
  books?: 'full' | 'totals';
  json: boolean;
  listPresets: boolean;
}

/** A problem the user can mend; printed as one line. */
class Problem extends Error {}

async function run(flags: Flags): Promise<void> {
  if (flags.listPresets) return listPresets(flags.json);
  try {
    const simulator = await start(flags);
    announce(simulator, flags);
    await stopSignal();
    await simulator.close();
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    process.stderr.write(`shim simulate: ${error.message}\n`);
    process.exitCode = 1;
  }
}

async function start(flags: Flags): Promise<Simulator> {
  const { host, port, name, scenario } = flags;
  const preset = presets[flags.preset];
  const scripted = scenario === undefined ? (preset?.behaviour ?? {}) : await readScenario(scenario);
  const behaviour = withFlags(scripted, flags);
  const books = flags.books ?? (scenario === undefined ? preset?.books : undefined) ?? 'full';
  try {
    return await startSimulator({ host, port, name, books, behaviour });
  } catch (error) {
    throw new Problem(listenProblem(error, flags), { cause: error });
  }
}

async function readScenario(file: string): Promise<Behaviour> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new Problem(`${file}: cannot be read (${codeOf(error)}); give --scenario a readable JSON file`, {
      cause: error,
    });
  });
  try {
    return parseBehaviour(JSON.parse(text));
  } catch (error) {
    if (error instanceof BehaviourError)
      throw new Problem(`${file}: ${error.message}; correct it and start again`, { cause: error });
    if (error instanceof SyntaxError) throw new Problem(`${file}: not valid JSON: ${error.message}`, { cause: error });
    throw error;
  }
}

function withFlags(behaviour: Behaviour, { paceMs, ttftMs }: Flags): Behaviour {
  const turn = { ...behaviour.turn };
  if (paceMs !== undefined) turn.pace_ms = paceMs;
  if (ttftMs !== undefined) turn.ttft_ms = ttftMs;
  return { ...behaviour, turn };
}

function listenProblem(error: unknown, { host, port }: Flags): string {
  const code = codeOf(error);
  const address = `${host}:${String(port)}`;
  if (code === 'EADDRINUSE')
    return `${address} is taken; stop the other program or choose another --port (0 = any free one)`;
  if (code === 'EACCES') return `${address} is not allowed; choose a --port from 1024`;
  return `${address} cannot be listened on (${code}); choose another --host or --port`;
}

function announce({ url }: Simulator, flags: Flags): void {
  const what = flags.scenario ?? flags.preset;
  const line = flags.json
    ? JSON.stringify({ url, pid: process.pid })
    : `Simulated provider "${flags.name}" (${what}) on ${url}; books at ${url}/__books. Ctrl-C stops it.`;
  process.stdout.write(`${line}\n`);
}

function listPresets(json: boolean): void {
  const rows = Object.entries(presets).map(([name, { summary }]) => ({ name, summary }));
  const lines = json ? [JSON.stringify(rows)] : rows.map(({ name, summary }) => `${name.padEnd(16)} ${summary}`);
  process.stdout.write(`${lines.join('\n')}\n`);
}

async function stopSignal(): Promise<void> {
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve());
  });
}

function wholeNumber(max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === '' || !Number.isInteger(value) || value < 0 || value > max) {
      throw new InvalidArgumentError(`It must be a whole number from 0 to ${String(max)}.`);
    }
    return value;
  };
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
}
