import type { Bounded, NoInterval } from './interval.ts';
import { windowsText } from './interval.ts';
import { fitRatio } from './ratio.ts';
import type { RatioFit, RatioSample } from './ratio.ts';
import type { Draw } from './seeded-random.ts';

/** Fewer windows give too few different resamples: nominal 95 % covers about 69 % at n = 3. */
export const BOOTSTRAP_MIN_WINDOWS = 5;

// With 95 %, (B + 1)·2.5 % is the whole number 50.
const RESAMPLES = 1999;

/**
 * Bootstrap-t (Efron & Tibshirani 1993, §12.5): windows are drawn with replacement, t* = (E* − E)/SE* with the plain
 * delta standard error, and the interval is E − t*·SE at both quantiles. A cross-check. It is not symmetric, and unlike
 * the others it need not contain E when the confidence level is low.
 */
export function bootstrapT(sample: RatioSample, fit: RatioFit, level: number, draw: Draw): Bounded | NoInterval {
  const { n, estimate, standardError } = fit;
  if (n < BOOTSTRAP_MIN_WINDOWS) {
    return { kind: 'none', reason: `needs ${BOOTSTRAP_MIN_WINDOWS} windows, has ${n}` };
  }
  const ts = Float64Array.from({ length: RESAMPLES }, () => {
    const again = fitRatio(resample(sample, draw));
    const off = again.estimate - estimate;
    // A resample without spread is kept as what it is: a t beyond all others, or none at all.
    if (again.standardError === 0) return Math.abs(off) <= 1e-12 * Math.abs(estimate) ? 0 : off * Infinity;
    return off / again.standardError;
  }).sort();
  const rank = Math.max(1, Math.floor(((RESAMPLES + 1) * (1 - level)) / 2 + 1e-9));
  const low = ts[rank - 1] ?? -Infinity;
  const high = ts[RESAMPLES - rank] ?? Infinity;
  if (!Number.isFinite(low) || !Number.isFinite(high)) {
    return { kind: 'none', reason: `too many resamples of ${windowsText(n)} show no spread` };
  }
  return { kind: 'bounded', lo: estimate - high * standardError, hi: estimate - low * standardError };
}

function resample({ features, capacities }: RatioSample, draw: Draw): RatioSample {
  const rows = features.map(() => draw(features.length));
  return { features: rows.map((row) => features[row] ?? 0), capacities: rows.map((row) => capacities[row] ?? 0) };
}
