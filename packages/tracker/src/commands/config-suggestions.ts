import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { parseProvidersConfig, parseQuotasConfig } from '@ccp/contracts';
import type { Parsed, ProvidersConfig, QuotasConfig, Usage } from '@ccp/contracts';
import type * as Yaml from 'yaml';
import { systemErrorCode } from '../problem.ts';
import type { Outcome, Problem } from '../problem.ts';
import { configDiff } from '../rollups/advice/config-diff.ts';
import type { ConfigDiff } from '../rollups/advice/config-diff.ts';
import { suggestQuotas } from '../rollups/advice/suggest-quotas.ts';
import { suggestRoutes } from '../rollups/advice/suggest-routes.ts';
import type { Withheld } from '../rollups/advice/suggestion.ts';
import type { Book } from './book-options.ts';

/** Files to compare with what the shim has learned; absent: that file is not asked about. */
export interface ConfigFiles {
  readonly quotas?: string;
  readonly providers?: string;
}

/** Changes the numbers suggest, as diffs to look at. Nothing is written. */
export interface Compared {
  readonly diffs: readonly ConfigDiff[];
  readonly withheld: readonly Withheld[];
  /** A file was named. */
  readonly asked: boolean;
}

export function suggestions(book: Book, files: ConfigFiles): Outcome<Compared> {
  if (files.quotas === undefined && files.providers === undefined)
    return { ok: true, value: { diffs: [], withheld: [], asked: false } };
  const newest = book.newest('ccc_snapshot');
  if (!newest.ok) return newest;
  const usage = newest.value.row?.usage;
  return usage === undefined ? { ok: false, problem: NO_READING } : suggestionsFor(usage, files);
}

/** The same for an answer of the shim that is at hand. */
export function suggestionsFor(usage: Usage, { quotas, providers }: ConfigFiles): Outcome<Compared> {
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
  // Loaded with the first file: it costs about 40 ms.
  const { parse } = createRequire(import.meta.url)('yaml') as typeof Yaml;
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
