import type { Command } from 'commander';
import { advise } from '../rollups/advice/advise.ts';
import { factsOf } from '../rollups/advice/facts-of.ts';
import { bought } from '../rollups/bought.ts';
import { standings } from '../rollups/standing.ts';
import { adviceLines, suggestionLines } from '../views/text/advice.ts';
import { bookOf, collect, withBookOptions } from './book-options.ts';
import type { BookOptions } from './book-options.ts';
import { suggestions } from './config-suggestions.ts';
import { EXIT } from './exit-codes.ts';
import { draw, note, refuse, say, sayJson } from './told.ts';
import { windowRows } from './window-rows.ts';

interface Options extends BookOptions {
  readonly quotas?: string;
  readonly providers?: string;
  readonly json?: true;
}

/** `tracker advice`: what the numbers say to do. It changes nothing: a person decides. */
export function addAdvice(program: Command, done: (code: number) => void): void {
  const command = program
    .command('advice')
    .description(
      'say per provider whether a window can start, and what quotas.json and providers.yaml could say instead',
    )
    .option('--quotas <file>', 'quotas.json to compare with what the shim has learned')
    .option('--providers <file>', 'providers.yaml to compare with how its lanes stand')
    .option('--json', 'print facts, sentences and suggestions');
  withBookOptions(command).action((options: Options) => done(advice(options)));
}

function advice(options: Options): number {
  const book = bookOf(options);
  const windows = windowRows(book);
  const readings = collect(book, 'readings.jsonl', ['meter_reading']);
  const all = standings({ readings: readings.rows, records: windows.rows.records, nowTs: Date.now() / 1000 });
  const facts = factsOf(all, bought(windows.rows));
  const sentences = advise(facts);
  const suggested = suggestions(book, options);
  if (!suggested.ok) return refuse(suggested.problem);
  note([...windows.problems, ...readings.problems]);
  const { diffs, withheld, asked } = suggested.value;
  if (options.json) sayJson({ advice: sentences, facts, diffs, withheld });
  else {
    draw((width) => adviceLines(sentences, width));
    if (asked) for (const line of suggestionLines(diffs, withheld)) say(line);
  }
  return sentences.length === 0 && !asked ? EXIT.noData : EXIT.ok;
}
