import { Command, InvalidArgumentError } from 'commander';
import { LEAST_K } from '../aggregate/report.ts';
import { UnusableKeys } from '../aggregate/keys.ts';
import { UnusableStore } from '../aggregate/sqlite-store.ts';
import { startAggregator, type Aggregator } from '../aggregate/start-aggregator.ts';
import { isLoopback } from '../config/settings.ts';
import { listen, ListenError } from '../http/listen.ts';
import { keyCommand } from './aggregate/key.ts';
import { booksFileOf, defaultKeysFile, keysFileOf } from './aggregate/places.ts';

interface Flags {
  readonly port: number;
  readonly host: string;
  readonly keys?: string;
  readonly database?: string;
  readonly k: number;
  readonly retainDays: number;
  readonly mostWaiting: number;
  readonly behindTls?: boolean;
  readonly json?: boolean;
}

/** How long running requests may take to finish after SIGTERM. */
const DRAIN_MS = 10_000;
const MOST_REQUESTS = 64;

/** `shim aggregate`: the role that takes what trackers send. */
export function aggregateCommand(): Command {
  return (
    new Command('aggregate')
      .description('take what trackers upload: POST /v1/events and /v1/metrics, sums per hour, model and organisation')
      .option('--port <n>', 'port; 0 picks a free one', whole(0, 65_535), 8090)
      .option('--host <address>', 'address to bind; another than loopback needs --behind-tls', '127.0.0.1')
      .option('--behind-tls', 'keys are sent in clear to this port: something in front of it speaks TLS')
      .option('--keys <file>', `who may send (CCP_AGGREGATE_KEYS, default ${defaultKeysFile('~')})`)
      .option('--database <file>', 'the books (CCP_AGGREGATE_DB, default aggregate.sqlite3 in the state folder)')
      .option('--k <n>', 'least number of contributors behind a public figure', whole(LEAST_K, 1e6), LEAST_K)
      .option(
        '--retain-days <n>',
        'content of events is forgotten after this; a sender may ask for less',
        whole(1, 3650),
        90,
      )
      .option(
        '--most-waiting <n>',
        'events that may wait to be written; more are told to come back',
        whole(1, 1e6),
        20_000,
      )
      .option('--json', 'print one JSON line when listening')
      // What follows `key` belongs to it.
      .enablePositionalOptions()
      .addCommand(keyCommand())
      .action(aggregate)
  );
}

async function aggregate(flags: Flags): Promise<void> {
  let running: Aggregator;
  try {
    if (!isLoopback(flags.host) && flags.behindTls !== true)
      throw new ListenError(
        `--host ${flags.host} would take keys in clear from other machines. Put something that speaks TLS in front and add --behind-tls.`,
      );
    running = await startAggregator({
      keysFile: keysFileOf(flags.keys),
      database: booksFileOf(flags.database),
      k: flags.k,
      retainDays: flags.retainDays,
      mostWaiting: flags.mostWaiting,
      mostRequests: MOST_REQUESTS,
      listen: (handler) => listen(flags.host, flags.port, handler),
      log: (message) => process.stderr.write(`shim aggregate: ${message}\n`),
    });
  } catch (error) {
    process.stderr.write(`shim: ${startProblem(error)}\n`);
    process.exitCode = 1;
    return;
  }
  const url = running.addresses[0] ?? '';
  const line = flags.json
    ? JSON.stringify({ event: 'listening', url, addresses: running.addresses, port: running.port, pid: process.pid })
    : `shim aggregate is listening on ${running.addresses.join(' and ')}\n  send    tracker privacy set minimized --endpoint ${url}\n  look    curl ${url}/v1/public/report\n  stop    Ctrl-C`;
  process.stdout.write(`${line}\n`);
  const stop = (): void => {
    process.removeListener('SIGTERM', stop).removeListener('SIGINT', stop);
    process.once('SIGTERM', () => process.exit(0)).once('SIGINT', () => process.exit(0));
    running.stop(DRAIN_MS).then(
      () => process.exit(0),
      (error: unknown) => {
        process.stderr.write(`shim: ${String(error)}\n`);
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', stop).on('SIGINT', stop);
}

function startProblem(error: unknown): string {
  if (error instanceof ListenError || error instanceof UnusableKeys || error instanceof UnusableStore)
    return error.message;
  const code = (error as NodeJS.ErrnoException | null)?.code;
  if (typeof code === 'string') return `${(error as Error).message}. Name another file: --database FILE`;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function whole(from: number, to: number): (text: string) => number {
  return (text) => {
    const value = text.trim() === '' ? NaN : Number(text);
    if (!Number.isSafeInteger(value) || value < from || value > to)
      throw new InvalidArgumentError(`Give a whole number from ${from} to ${to}.`);
    return value;
  };
}
