import { InvalidArgumentError } from 'commander';
import type { Command } from 'commander';
import { groupTurns } from '../rollups/report/group-turns.ts';
import type { Grouping } from '../rollups/report/group-turns.ts';
import { turnReportLines } from '../views/text/turn-report.ts';
import { bookOf, withBookOptions } from './book-options.ts';
import type { BookOptions } from './book-options.ts';
import { EXIT } from './exit-codes.ts';
import { localZone, timeS, timeZone } from './option-values.ts';
import { pricesOf, withPrices } from './price-options.ts';
import type { PriceOptions } from './price-options.ts';
import { reportWindows } from './report-windows.ts';
import type { WindowReportOptions } from './report-windows.ts';
import { draw, note, refuse, say, sayJson } from './told.ts';
import { turnRows } from './turn-rows.ts';

interface Options extends BookOptions, PriceOptions {
  readonly since?: number;
  readonly until?: number;
  readonly timezone: string;
  readonly json?: true;
}

const WORDS: Readonly<Record<Grouping, string>> = {
  daily: 'turns, tokens and list prices by day',
  weekly: 'the same by ISO week',
  monthly: 'the same by month',
  session: 'the same by session',
};

/** `tracker report daily|weekly|monthly|session|window`. */
export function addReport(program: Command, done: (code: number) => void): void {
  const report = program.command('report').description('add up turns, or say what finished windows bought');
  for (const by of Object.keys(WORDS) as Grouping[]) {
    const command = report
      .command(by)
      .description(WORDS[by])
      .option('--since <time>', 'from this day or time on (ISO 8601)', timeS)
      .option('--until <time>', 'before this day or time (ISO 8601)', timeS)
      .option('--timezone <zone>', 'whose days are meant (IANA)', timeZone, localZone())
      .option('--json', 'print exact numbers');
    withBookOptions(withPrices(command)).action(async (options: Options) => done(await turns(by, options)));
  }
  const windows = report
    .command('window')
    .description('features per unit of capacity and provider, with intervals, power and the windows still needed')
    .option('--level <share>', 'confidence of the intervals', level, 0.95)
    .option('--json', 'print exact numbers');
  withBookOptions(windows).action(async (options: WindowReportOptions) => done(await reportWindows(options)));
}

async function turns(by: Grouping, options: Options): Promise<number> {
  const book = bookOf(options);
  const prices = pricesOf(options, book.dir);
  if (!prices.ok) return refuse(prices.problem);
  const { turns: distinct, problems } = await turnRows(book);
  note(problems);
  const { since, until, timezone } = options;
  const report = groupTurns(distinct, {
    by,
    tz: timezone,
    prices: prices.value,
    ...(since !== undefined && { sinceTs: since }),
    ...(until !== undefined && { untilTs: until }),
  });
  if (options.json) sayJson(report);
  else if (report.groups.length === 0)
    say('no turns. tracker poll --watch records them, tracker backfill reads old logs');
  else draw((width) => turnReportLines(report, width));
  return report.groups.length === 0 ? EXIT.noData : EXIT.ok;
}

function level(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value < 1)) throw new InvalidArgumentError('Give a share between 0 and 1, such as 0.9.');
  return value;
}
