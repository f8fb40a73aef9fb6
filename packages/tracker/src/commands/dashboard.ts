import { spawn } from 'node:child_process';
import { InvalidArgumentError } from 'commander';
import type { Command } from 'commander';
import type { Tracker } from '../observation.ts';
import { openStreams } from '../server/streams.ts';
import type { Query } from '../server/page-server.ts';
import { servePage } from '../server/page-server.ts';
import { shownUrl } from '../sources/shim/ccp-url.ts';
import { VERSION } from '../version.ts';
import { suggestionsFor } from './config-suggestions.ts';
import { EXIT } from './exit-codes.ts';
import { rowsOf, rowsOfWindow } from './explain.ts';
import { liveBoard } from './live-board.ts';
import type { LiveBoard } from './live-board.ts';
import { localZone } from './option-values.ts';
import { pricesOf, withPrices } from './price-options.ts';
import type { PriceOptions } from './price-options.ts';
import { stayFrugal } from './stay-frugal.ts';
import { refuse, say } from './told.ts';
import { intervalSeconds, trackerOf, untilStopped, withTrackerOptions } from './tracker-options.ts';
import type { TrackerOptions } from './tracker-options.ts';

interface Options extends TrackerOptions, PriceOptions {
  readonly port: number;
  readonly interval: number;
  readonly open?: true;
  readonly record?: true;
  readonly json?: true;
}

/** `tracker dashboard`: the page, on this machine only. It reads; with `--record` it also keeps, as `poll --watch` does. */
export function addDashboard(program: Command, done: (code: number) => void): void {
  const command = program
    .command('dashboard')
    .description('show everything on one local page, live; nothing can be changed from it')
    .option('--port <port>', 'port on 127.0.0.1; 0 takes a free one', portNumber, 8083)
    .option('--interval <seconds>', 'time between two looks while nothing happens', intervalSeconds, 2)
    .option('--record', 'also keep what is seen in the journals, as poll --watch does')
    .option('--open', 'open it in the browser')
    .option('--json', 'print one JSON line {"url", "port", "pid"} once it listens');
  withPrices(withTrackerOptions(command)).action(async (options: Options) => {
    const stop = untilStopped();
    done(await serve(trackerOf(options, command, stop.signal), options, stop));
  });
}

async function serve(tracker: Tracker, options: Options, stop: AbortController): Promise<number> {
  const prices = pricesOf(options, tracker.book.dir);
  if (!prices.ok) return refuse(prices.problem);
  const streams = openStreams();
  const live = await liveBoard(
    tracker,
    { tz: localZone(), intervalS: options.interval, isRecording: options.record === true, prices: prices.value },
    {
      onBoard: (board) => streams.tell({ event: 'board', data: JSON.stringify(board) }),
      onTurn: (event) => streams.tell({ event: 'turn', data: JSON.stringify(event) }),
      onHistory: () => streams.tell({ event: 'history', data: '{}' }),
    },
  );
  // Behind the journals, whose first reading is better quick.
  stayFrugal();
  const page = await servePage(options.port, {
    version: VERSION,
    streams,
    hello: () => [{ event: 'board', data: JSON.stringify(live.current()) }],
    board: live.current,
    history: (query) => live.history.document(questionIn(query)),
    suggestions: () => suggested(live),
    rows: (query) => rowsAsked(tracker, query),
  });
  if (!page.ok) {
    stop.abort();
    streams.close();
    return refuse(page.problem);
  }
  const { url, port, close } = page.value;
  if (options.json) say(JSON.stringify({ url, port, pid: process.pid }));
  else {
    const also = options.record ? `; rows go to ${tracker.book.dir}` : '';
    say(`dashboard: ${url} (reads ${shownUrl(tracker.ccpUrl)} and ${tracker.book.dir}${also}). Ctrl-C stops it.`);
  }
  if (options.open) openBrowser(url);
  await live.ended;
  streams.close();
  await close();
  return EXIT.ok;
}

function questionIn(query: Query): Parameters<LiveBoard['history']['document']>[0] {
  const since = timeIn(query('since'));
  const until = timeIn(query('until'));
  return {
    range: query('range') ?? '24h',
    provider: query('provider') ?? null,
    window: query('window') ?? null,
    ...(since !== null && { sinceTs: since }),
    ...(until !== null && { untilTs: until }),
  };
}

/** ISO 8601, or epoch seconds; null: neither. */
function timeIn(text: string | undefined): number | null {
  if (text === undefined || text === '') return null;
  const ts = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Date.parse(text) / 1000;
  return Number.isFinite(ts) ? ts : null;
}

/** The files the shim says it uses, against what it has learned. They are read, never written. */
function suggested({ usage }: LiveBoard): object {
  const now = usage();
  const { quotas_path: quotas = '', providers_path: providers = '' } = now?.source ?? {};
  const files = [...(quotas === '' ? [] : [{ quotas }]), ...(providers === '' ? [] : [{ providers }])];
  const all = now === null ? [] : files.map((file) => suggestionsFor(now, file));
  return {
    files: { quotas: quotas || null, providers: providers || null },
    diffs: all.flatMap((one) => (one.ok ? one.value.diffs.filter(({ text }) => text !== '') : [])),
    withheld: all.flatMap((one) => (one.ok ? one.value.withheld : [])),
    problems: all.flatMap((one) => (one.ok ? [] : [one.problem])),
  };
}

const MOST_ROWS = 20;

/** What `tracker explain` prints, the newest rows only. */
function rowsAsked({ book }: Tracker, query: Query): object {
  const of = query('of');
  if (of === 'window') return rowsOfWindow(book, query('id') ?? '').rows.slice(-MOST_ROWS);
  if (of === 'meter') {
    const provider = query('provider');
    return rowsOf(book, 'readings.jsonl', ['meter_reading'], (row) => row.provider === provider).rows.slice(-MOST_ROWS);
  }
  return of === 'turns' ? rowsOf(book, 'windows.jsonl', ['turn'], () => true).rows.slice(-MOST_ROWS) : [];
}

/** The address is ours, so it can't be an option of the program that opens it. Without a browser nothing happens. */
function openBrowser(url: string): void {
  const [program, ...args] =
    process.platform === 'darwin' ? ['open'] : process.platform === 'win32' ? ['cmd', '/c', 'start', ''] : ['xdg-open'];
  const child = spawn(program ?? 'xdg-open', [...args, url], { stdio: 'ignore', detached: true });
  child.on('error', (error) => process.stderr.write(`note: no browser could be opened (${error.message})\n`));
  child.unref();
}

function portNumber(text: string): number {
  const port = Number(text);
  if (text.trim() === '' || !Number.isInteger(port) || port < 0 || port > 65_535)
    throw new InvalidArgumentError('Give a port from 0 to 65535.');
  return port;
}
