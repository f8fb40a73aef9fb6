import { join } from 'node:path';
import type { Command } from 'commander';
import { summaryKeeper } from '../keep-summary.ts';
import { PROGRESS_FILE, SUMMARY_FILE } from '../summary-files.ts';
import { summaryText } from '../rollups/summary/summary-of.ts';
import { bookOf, withBookOptions } from './book-options.ts';
import type { BookOptions } from './book-options.ts';
import { EXIT } from './exit-codes.ts';
import { pricesOf, withPrices } from './price-options.ts';
import type { PriceOptions } from './price-options.ts';
import { summaryOptions, withZone } from './summary-options.ts';
import type { ZoneOptions } from './summary-options.ts';
import { note, refuse, say } from './told.ts';

interface Options extends BookOptions, PriceOptions, ZoneOptions {
  readonly json?: true;
}

/** `tracker rollup`: what all journals come to, as files, read from their first row on. */
export function addRollup(program: Command, done: (code: number) => void): void {
  const command = program
    .command('rollup')
    .description(
      `add up all journals and write ${SUMMARY_FILE} and ${PROGRESS_FILE}; tracker verify proves that they follow from them`,
    )
    .option('--json', `print ${SUMMARY_FILE} as well`);
  withBookOptions(withPrices(withZone(command))).action(async (options: Options) => done(await rollup(options)));
}

async function rollup(options: Options): Promise<number> {
  const book = bookOf(options);
  const prices = pricesOf(options, book.dir);
  if (!prices.ok) return refuse(prices.problem);
  const refreshed = await summaryKeeper(book, summaryOptions(options, prices.value)).refresh('anew');
  if (!refreshed.ok) return refuse(refreshed.problem);
  const { summary, notes } = refreshed.value;
  note(notes);
  if (summary === null) return EXIT.ok;
  if (options.json) process.stdout.write(summaryText(summary));
  else {
    const { turns, sessions, windows = 0 } = summary;
    say(`${turns} turns, ${sessions} sessions, ${windows} windows: ${join(book.dir, SUMMARY_FILE)}`);
  }
  return EXIT.ok;
}
