import type { Command } from 'commander';
import type { JournalName, KindIn } from '../events/journal-files.ts';
import { printable } from '../printable.ts';
import type { Problem } from '../problem.ts';
import { bestReadings } from '../rollups/meters/best-reading.ts';
import { bookOf, collect, collectKept, withBookOptions } from './book-options.ts';
import type { Book, BookOptions } from './book-options.ts';
import { EXIT } from './exit-codes.ts';
import { wholeFrom } from './option-values.ts';
import { note, say, sayJson } from './told.ts';

interface Options extends BookOptions {
  readonly json?: true;
}

interface TurnOptions extends Options {
  readonly model?: string;
  readonly session?: string;
  readonly limit: number;
}

/** A row behind a number, and where it stands. */
export interface Shown {
  readonly file: JournalName;
  readonly line: number;
  readonly row: object;
}

/** `tracker explain window|meter|turns`: the rows a number rests on, by file and line. */
export function addExplain(program: Command, done: (code: number) => void): void {
  const explain = program.command('explain').description('print the rows a number rests on, by file and line');
  const window = explain
    .command('window <id>')
    .description('every row of a window: readings, prompts, the row itself, anomalies, churn')
    .option('--json', 'print them as JSON');
  withBookOptions(window).action((id: string, options: Options) => done(explainWindow(id, options)));
  const meter = explain
    .command('meter [provider]')
    .description('which reading of each meter counts now, and why the others do not')
    .option('--json', 'print them as JSON');
  withBookOptions(meter).action((provider: string | undefined, options: Options) =>
    done(explainMeter(provider, options)),
  );
  const turns = explain
    .command('turns')
    .description('the newest turns a report adds up')
    .option('--model <name>', 'of this model only')
    .option('--session <id>', 'of this session only')
    .option('--limit <n>', 'at most so many', wholeFrom(1), 20)
    .option('--json', 'print them as JSON');
  withBookOptions(turns).action((options: TurnOptions) => done(explainTurns(options)));
}

function explainWindow(id: string, options: Options): number {
  const { rows, problems } = rowsOfWindow(bookOf(options), id);
  return print(rows, { problems, options });
}

/** Every row of a window. */
export function rowsOfWindow(book: Book, id: string): Rows {
  const of = ({ window }: { readonly window?: string }): boolean => window === id;
  const parts = [
    rowsOf(book, 'snapshots.jsonl', ['snapshot'], of),
    rowsOf(book, 'glm_counts.jsonl', ['glm_count'], of),
    rowsOf(book, 'windows.jsonl', ['window'], of),
    rowsOf(book, 'anomalies.jsonl', ['anomaly'], of),
    rowsOf(book, 'churn.jsonl', ['churn'], of),
  ];
  return { rows: parts.flatMap(({ rows }) => rows), problems: parts.flatMap(({ problems }) => problems) };
}

function explainTurns(options: TurnOptions): number {
  const { model, session, limit } = options;
  const { rows, problems } = rowsOf(
    bookOf(options),
    'windows.jsonl',
    ['turn'],
    ({ turn }) =>
      (model === undefined || turn.model === model) && (session === undefined || turn.session_id === session),
  );
  return print(rows.slice(-limit), { problems, options });
}

function explainMeter(provider: string | undefined, options: Options): number {
  const { rows, problems } = collect(
    bookOf(options),
    'readings.jsonl',
    ['meter_reading'],
    (row) => provider === undefined || row.provider === provider,
  );
  note(problems);
  const meters = bestReadings(rows, Date.now() / 1000);
  if (options.json) sayJson(meters);
  for (const { key, best, age_s: age, others, voided } of options.json ? [] : meters) {
    const name = `${key.provider} ${key.scope} ${key.window_min ?? '?'} min`;
    const taken =
      best === null
        ? 'no reading holds now'
        : `${best.used_pp ?? 'n/a'} pp by ${best.source}, ${Math.round(age ?? 0)} s old`;
    say(printable(`${name}: ${taken}`));
    for (const other of others.slice(0, 5))
      say(printable(`  also ${other.used_pp ?? 'n/a'} pp by ${other.source} at ${other.observed_at}`));
    for (const { reading, why } of voided.slice(-5))
      say(printable(`  not ${reading.used_pp ?? 'n/a'} pp of ${reading.observed_at}: ${why}`));
    if (voided.length > 5) say(`  and ${voided.length - 5} older ones`);
  }
  return meters.length === 0 ? EXIT.noData : EXIT.ok;
}

interface Rows {
  readonly rows: readonly Shown[];
  readonly problems: readonly Problem[];
}

/** Rows of some kinds of a journal, each with its place. */
export function rowsOf<Name extends JournalName, Kind extends KindIn<Name>>(
  book: Book,
  file: Name,
  kinds: readonly Kind[],
  accept: Parameters<typeof collectKept<Name, Kind>>[3],
): Rows {
  const { rows, problems } = collectKept(book, file, kinds, accept);
  return { rows: rows.map(({ row, line }) => ({ file, line, row })), problems };
}

function print(
  rows: readonly Shown[],
  { problems, options }: { readonly problems: readonly Problem[]; readonly options: Options },
): number {
  note(problems);
  if (options.json) sayJson(rows);
  else for (const { file, line, row } of rows) say(`${file}:${line}: ${printable(JSON.stringify(row))}`);
  if (rows.length === 0) process.stderr.write('no row is behind it\n');
  return rows.length === 0 ? EXIT.noData : EXIT.ok;
}
