import { readFileSync } from 'node:fs';
import { parseProvidersConfig, parseQuotasConfig } from '@ccp/contracts';
import type { Parsed, ProvidersConfig, QuotasConfig } from '@ccp/contracts';
import type { Command } from 'commander';
import { parse } from 'yaml';
import { systemErrorCode } from '../problem.ts';
import type { Outcome, Problem } from '../problem.ts';
import { advise } from '../rollups/advice/advise.ts';
import { configDiff } from '../rollups/advice/config-diff.ts';
import type { ConfigDiff } from '../rollups/advice/config-diff.ts';
import { factsOf } from '../rollups/advice/facts-of.ts';
import { suggestQuotas } from '../rollups/advice/suggest-quotas.ts';
import { suggestRoutes } from '../rollups/advice/suggest-routes.ts';
import type { Withheld } from '../rollups/advice/suggestion.ts';
import { bought } from '../rollups/bought.ts';
import { standings } from '../rollups/standing.ts';
import { adviceLines, suggestionLines } from '../views/text/advice.ts';
import { bookOf, collect, withBookOptions } from './book-options.ts';
import type { Book, BookOptions } from './book-options.ts';
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

interface Compared {
  readonly diffs: readonly ConfigDiff[];
  readonly withheld: readonly Withheld[];
  /** A file was named. */
  readonly asked: boolean;
}

function suggestions(book: Book, { quotas, providers }: Options): Outcome<Compared> {
  if (quotas === undefined && providers === undefined)
    return { ok: true, value: { diffs: [], withheld: [], asked: false } };
  const newest = book.newest('ccc_snapshot');
  if (!newest.ok) return newest;
  const usage = newest.value.row?.usage;
  if (usage === undefined) return { ok: false, problem: NO_READING };
  const diffs: ConfigDiff[] = [];
  const withheld: Withheld[] = [];
  if (quotas !== undefined) {
    const config = configOf<QuotasConfig>(quotas, parseQuotasConfig);
    if (!config.ok) return config;
    const found = suggestQuotas(usage, config.value);
    diffs.push(configDiff(config.value, found.suggestions));
    withheld.push(...found.withheld);
  }
  if (providers !== undefined) {
    const config = configOf<ProvidersConfig>(providers, parseProvidersConfig);
    if (!config.ok) return config;
    const found = suggestRoutes(usage, config.value);
    diffs.push(configDiff(config.value, found.suggestions));
    withheld.push(...found.withheld);
  }
  return { ok: true, value: { diffs, withheld, asked: true } };
}

const NO_READING: Problem = {
  code: 'no-reading-kept',
  message: 'no answer of a shim is kept to compare the files with',
  remedy: 'Take one: tracker poll --once',
};

/** JSON is YAML too. */
function configOf<T>(file: string, read: (value: unknown) => Parsed<T>): Outcome<T> {
  const remedy = 'Mend it; shim config check says more';
  try {
    const parsed = read(parse(readFileSync(file, 'utf8')));
    if (parsed.ok) return { ok: true, value: parsed.value };
    const { path = '', reason = 'is not valid' } = parsed.problems[0] ?? {};
    return {
      ok: false,
      problem: {
        code: 'unusable-config',
        file,
        pointer: path,
        message: `${file}: ${path || 'the file'} ${reason}`,
        remedy,
      },
    };
  } catch (error) {
    const code = systemErrorCode(error);
    const why = code === undefined ? 'is no YAML or JSON' : `cannot be read (${code})`;
    return { ok: false, problem: { code: 'unusable-config', file, message: `${file} ${why}`, remedy } };
  }
}
