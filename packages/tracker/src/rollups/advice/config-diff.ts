import type { ProvidersConfig, QuotasConfig } from '@ccp/contracts';
import { unifiedHunks } from './line-diff.ts';
import type { Suggestion } from './suggestion.ts';
import { yamlLines } from './yaml-lines.ts';

/** A suggested change of one file, as text. Nothing is written. */
export interface ConfigDiff {
  readonly file: Suggestion['file'];
  /** A unified diff, the reason of every change before it; empty: nothing to change. */
  readonly text: string;
  /** What the text contains. */
  readonly applied: readonly Suggestion[];
}

/**
 * The diff of the given configuration against the same with every suggestion for its file. Both are printed in one
 * form, without the comments of the user's file: it is read, not applied blindly.
 */
export function configDiff(current: ProvidersConfig | QuotasConfig, suggestions: readonly Suggestion[]): ConfigDiff {
  const isProviders = 'providers' in current;
  const file = isProviders ? 'providers.yaml' : 'quotas.json';
  const next = structuredClone(current);
  const applied = suggestions.filter((one) => one.file === file && apply(next, one));
  const hunks = unifiedHunks(linesOf(current), linesOf(next));
  if (hunks.length === 0) return { file, text: '', applied: [] };
  const reasons = applied.map((one) => `# ${whatOf(one, current)}: ${one.evidence} [${one.confidence}]`);
  const lines = [...reasons, `--- ${file}`, `+++ ${file} (suggested)`, ...hunks];
  return { file, text: `${lines.map(oneLine).join('\n')}\n`, applied };
}

/** False: the entry it is about is not there, or says so already. */
function apply(config: ProvidersConfig | QuotasConfig, suggestion: Suggestion): boolean {
  if (suggestion.file === 'providers.yaml') {
    const route = 'providers' in config ? config.routes?.[suggestion.route] : undefined;
    if (route === undefined || route.provider === suggestion.provider) return false;
    route.provider = suggestion.provider;
    route.fallback = [...suggestion.fallback];
    return true;
  }
  if ('providers' in config) return false;
  const quota = config.models[suggestion.model];
  if (quota === undefined || quota[suggestion.key] === suggestion.value) return false;
  quota[suggestion.key] = suggestion.value;
  // A value without a unit is read as none.
  if (suggestion.key === 'weekly_limit_value') quota.weekly_limit_type ??= 'tokens';
  return true;
}

function whatOf(suggestion: Suggestion, current: ProvidersConfig | QuotasConfig): string {
  if (suggestion.file === 'quotas.json') return `${suggestion.key} of ${suggestion.model}`;
  const pattern = 'providers' in current ? current.routes?.[suggestion.route]?.pattern : undefined;
  return `route ${pattern ?? suggestion.route}`;
}

function linesOf(config: ProvidersConfig | QuotasConfig): string[] {
  return 'providers' in config ? yamlLines({ ...config }) : JSON.stringify(config, null, 2).split('\n');
}

/** A name or a reason must not begin a line of its own, which could look like a change. */
function oneLine(text: string): string {
  return text.replace(/[\r\n\u2028\u2029]/g, ' ');
}
