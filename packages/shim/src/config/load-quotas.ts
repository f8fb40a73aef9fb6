import { parseQuotasConfig, type QuotasConfig } from '@ccp/contracts';
import { DEFAULT_ROLLING_S, DEFAULT_WEEKLY_S } from './built-in.ts';
import type { ModelLimit, QuotaConfig } from './catalog.ts';
import { parseJsonFile, type ConfigProblem } from './config-problem.ts';

type LimitEntry = QuotasConfig['models'][string];

/** `quotas.json` → limits. */
export function parseQuotaConfig(file: string, text: string, nowTs: number): QuotaConfig | ConfigProblem {
  const document = parseJsonFile(file, text);
  if (!('value' in document)) return document;
  const parsed = parseQuotasConfig(document.value);
  if (!parsed.ok) {
    const first = parsed.problems[0];
    const path = first?.path ?? '';
    return {
      file,
      line: document.lineOf(path),
      message: `${path || 'the file'} ${first?.reason ?? 'is not usable'}`,
      remedy: 'See "Quotas" in the README for the keys',
    };
  }
  const config = parsed.value;
  const rollingSeconds = config.windows?.rolling_seconds ?? DEFAULT_ROLLING_S;
  const weeklySeconds = config.windows?.weekly_seconds ?? DEFAULT_WEEKLY_S;
  if (weeklySeconds < rollingSeconds) {
    const message = `windows.weekly_seconds (${weeklySeconds}) is shorter than rolling_seconds (${rollingSeconds})`;
    return { file, line: document.lineOf('/windows'), message, remedy: 'Make the week the longer of the two' };
  }
  const warnings: ConfigProblem[] = [];
  const limits: ModelLimit[] = [];
  for (const [model, entry] of Object.entries(config.models)) {
    const limit = toLimit(model, entry);
    if (typeof limit === 'string') {
      return {
        file,
        line: document.lineOf(`/models/${pointerKey(model)}`),
        message: `models.${model} ${limit}`,
        remedy: 'Write an ISO 8601 time with zone, e.g. 2026-01-05T09:00:00Z',
      };
    }
    limits.push(limit);
    if (limit.weeklyType === 'hours' && limit.weeklyValue !== null) {
      warnings.push({
        file,
        line: document.lineOf(`/models/${pointerKey(model)}/weekly_limit_type`),
        message: `models.${model} has a weekly limit in hours, which is shown but never blocks`,
        remedy: 'Use "tokens" to enforce it',
      });
    }
  }
  return {
    path: file,
    rollingSeconds,
    weeklySeconds,
    limits,
    loadedTs: nowTs,
    warnings,
  };
}

function toLimit(model: string, entry: LimitEntry): ModelLimit | string {
  const { anchor } = entry;
  const weeklyAnchor = anchor === undefined ? 'vendor' : anchor === null ? null : Date.parse(anchor) / 1000;
  if (Number.isNaN(weeklyAnchor)) return `.anchor "${String(anchor)}" is not a time`;
  return {
    model,
    lane:
      entry.provider === undefined || entry.provider === ''
        ? null
        : entry.provider === 'anth'
          ? 'anthropic'
          : entry.provider,
    rollingTokens: entry.rolling_tokens || null,
    weeklyType: entry.weekly_limit_type ?? 'tokens',
    weeklyValue: entry.weekly_limit_value || null,
    warnPct: entry.warn_pct || null,
    weights: {
      input: entry.weights?.input ?? 1,
      output: entry.weights?.output ?? 1,
      cacheWrite: entry.weights?.cache_write ?? 1,
      // Cache reads do not count to the input limits of current models.
      cacheRead: entry.weights?.cache_read ?? 0,
    },
    weeklyAnchor,
    reserve: entry.reserve ?? 'learned',
  };
}

function pointerKey(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}
