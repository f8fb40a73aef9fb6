import { join } from 'node:path';
import type { Command } from 'commander';
import { journalNames } from '../events/journal-files.ts';
import { replaceFile } from '../events/replace-file.ts';
import type { RollupCheck } from '../events/verify.ts';
import type { Problem } from '../problem.ts';
import { PRICES } from '../rollups/cost/price-map.ts';
import { summaryOf, summaryText } from '../rollups/summary/summary-of.ts';
import { bookOf, usable, withBookOptions } from './book-options.ts';
import type { Book, BookOptions } from './book-options.ts';
import { EXIT } from './exit-codes.ts';
import { note, refuse, say } from './told.ts';

interface Options extends BookOptions {
  readonly json?: true;
}

const SUMMARY_FILE = 'metrics_summary.json';

/** How `tracker verify` computes the summary again. */
export const summaryCheck: RollupCheck = {
  file: SUMMARY_FILE,
  compute: (rows) =>
    summaryText(
      summaryOf(
        (function* () {
          for (const { row } of rows) yield row;
        })(),
        PRICES,
      ),
    ),
};

/** `tracker rollup`: what all journals come to, as a file. */
export function addRollup(program: Command, done: (code: number) => void): void {
  const command = program
    .command('rollup')
    .description(`add up all journals and write ${SUMMARY_FILE}; tracker verify proves that it follows from them`)
    .option('--json', 'print it as well');
  withBookOptions(command).action((options: Options) => done(rollup(options)));
}

function rollup(options: Options): number {
  const book = bookOf(options);
  const problems: Problem[] = [];
  const summary = summaryOf(everyRow(book, problems), PRICES);
  note(problems);
  const text = summaryText(summary);
  const file = join(book.dir, SUMMARY_FILE);
  const written = replaceFile(file, text);
  if (!written.ok) return refuse(written.problem);
  if (options.json) process.stdout.write(text);
  else say(`${summary.turns} turns, ${summary.sessions} sessions, ${summary.windows ?? 0} windows: ${file}`);
  return EXIT.ok;
}

function* everyRow(book: Book, problems: Problem[]): Generator<{ readonly kind: string }> {
  for (const name of journalNames) yield* usable(book.rows(name), problems);
}
