import type { CapacityFit, ModelQuota, ModelUsage, QuotasConfig, Usage } from '@ccp/contracts';
import type { QuotaSuggestion, Suggested, Withheld } from './suggestion.ts';

/** Fewer pairs, or a wider error, and the fit is no reason to change a cap. */
const MIN_PAIRS = 8;
const MOST_ERROR = 0.15;
/** Evidence behind a calibrated threshold, 0 to 1. */
const MIN_CONFIDENCE = 0.6;
/** A threshold closer than that to the configured one changes nothing. */
const MIN_WARN_STEP = 0.02;

/**
 * Caps from the fit of our tokens against the vendor's meter, and warning thresholds from the calibration. A cap is the
 * lower end of its 95 % interval: the safe one. Only models with an entry of their own are touched.
 */
export function suggestQuotas({ models }: Usage, current: QuotasConfig): Suggested {
  const suggestions: QuotaSuggestion[] = [];
  const withheld: Withheld[] = [];
  for (const [model, usage] of Object.entries(models).toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const quota = current.models[model];
    if (quota === undefined) {
      if ((usage.fits ?? []).length > 0) withheld.push({ about: model, reason: 'it has no entry of its own' });
      continue;
    }
    for (const found of [...caps(model, usage, quota), warn(model, usage, quota)]) {
      if (found === null) continue;
      if ('reason' in found) withheld.push(found);
      else suggestions.push(found);
    }
  }
  return { suggestions, withheld };
}

type Found = QuotaSuggestion | Withheld | null;

function caps(model: string, usage: ModelUsage, quota: ModelQuota): Found[] {
  const lane = quota.provider ?? usage.provider;
  return (usage.fits ?? []).filter((fit) => fit.lane === lane).map((fit) => cap(model, fit, quota));
}

function cap(model: string, fit: CapacityFit, quota: ModelQuota): Found {
  const key = keyOf(fit.meter);
  if (key === null) return null;
  const about = `${key} of ${model}`;
  const { capacity_tokens: capacity = null, low = null, high = null, rel_error: error = null, pairs } = fit;
  if (capacity === null || low === null || high === null || error === null || pairs < MIN_PAIRS || error > MOST_ERROR) {
    const off = error === null ? 'no interval' : `an error of ${percent(error)}`;
    const reason = `${pairs} pairs and ${off}; ${MIN_PAIRS} pairs and ${percent(MOST_ERROR)} are needed`;
    return { about, reason };
  }
  // The fit counts tokens with the default weights; with others the cap has another unit.
  if (quota.weights !== undefined) return { about, reason: 'the entry weights its tokens, the fit does not' };
  const isHours = key === 'weekly_limit_value' && quota.weekly_limit_type === 'hours';
  if (isHours) return { about, reason: 'the limit is in hours' };
  const now = quota[key] ?? 0;
  if (now >= low && now <= high) return null;
  const value = Math.floor(low);
  if (value <= 0) return null;
  const evidence =
    `a full ${fit.meter} of lane ${fit.lane} holds ${Math.round(capacity)} tokens ` +
    `(95 % interval ${Math.round(low)} to ${Math.round(high)}, ${pairs} pairs)`;
  return { file: 'quotas.json', model, key, value, evidence, confidence: 'estimate' };
}

function keyOf(meter: string): 'rolling_tokens' | 'weekly_limit_value' | null {
  if (/^(?:unified|codex)-5h$/.test(meter)) return 'rolling_tokens';
  return /^(?:unified|codex)-7d$/.test(meter) ? 'weekly_limit_value' : null;
}

function warn(model: string, usage: ModelUsage, quota: ModelQuota): Found {
  const auto = usage.warn_pct?.auto ?? usage.warn_pct_auto ?? null;
  if (auto === null) return null;
  const confidence = usage.warn_pct?.confidence ?? usage.warn_pct_confidence ?? null;
  const about = `warn_pct of ${model}`;
  if (confidence === null || confidence < MIN_CONFIDENCE) {
    const known = confidence === null ? 'no confidence' : `a confidence of ${confidence.toFixed(2)}`;
    return { about, reason: `${known}; ${MIN_CONFIDENCE.toFixed(2)} is needed` };
  }
  const value = Math.round(auto * 100) / 100;
  const now = quota.warn_pct ?? null;
  if (now !== null && Math.abs(value - now) < MIN_WARN_STEP) return null;
  const evidence = `calibrated to ${auto.toFixed(2)} with a confidence of ${confidence.toFixed(2)}`;
  return { file: 'quotas.json', model, key: 'warn_pct', value, evidence, confidence: 'estimate' };
}

function percent(fraction: number): string {
  return `${Math.round(fraction * 100)} %`;
}
