import type { Quotas as QuotasAnswer } from '@ccp/contracts';
import type { ModelLimit, QuotaConfig } from '../config/catalog.ts';

/** `GET /v1/quotas`: the limits in use, as the file words them, defaults filled in. */
export function quotasAnswer(config: QuotaConfig): QuotasAnswer {
  return {
    config: {
      windows: { rolling_seconds: config.rollingSeconds, weekly_seconds: config.weeklySeconds },
      models: Object.fromEntries(config.limits.map((limit) => [limit.model, entry(limit)])),
    },
    path: config.path,
    loaded: new Date(config.loadedTs * 1000).toISOString(),
    problems: config.warnings.map(({ file, line, message }) => ({
      path: line === null ? file : `${file}:${line}`,
      reason: message,
    })),
  };
}

function entry(limit: ModelLimit): QuotasAnswer['config']['models'][string] {
  return {
    ...(limit.lane !== null && { provider: limit.lane }),
    rolling_tokens: limit.rollingTokens,
    weekly_limit_type: limit.weeklyType,
    weekly_limit_value: limit.weeklyValue,
    ...(limit.warnPct !== null && { warn_pct: limit.warnPct }),
    weights: {
      input: limit.weights.input,
      output: limit.weights.output,
      cache_write: limit.weights.cacheWrite,
      cache_read: limit.weights.cacheRead,
    },
    reserve: limit.reserve,
    ...(limit.weeklyAnchor !== 'vendor' && { anchor: anchorText(limit.weeklyAnchor) }),
  };
}

function anchorText(ts: number | null): string | null {
  return ts === null ? null : new Date(ts * 1000).toISOString();
}
