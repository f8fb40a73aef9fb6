import type { Bounded, NoInterval } from './interval.ts';
import type { RatioFit, RatioSample } from './ratio.ts';
import { criticalT } from './student-t.ts';

/** E ± t(n−1)·SE for a standard error of the caller's choice. */
export function deltaT({ estimate, n }: RatioFit, standardError: number, level: number): Bounded | NoInterval {
  const half = criticalT(level, n - 1) * standardError;
  if (!Number.isFinite(half)) return { kind: 'none', reason: 'one window holds nearly all of the capacity' };
  return { kind: 'bounded', lo: estimate - half, hi: estimate + half };
}

/**
 * The delta method's standard error with each residual inflated by the share of the capacity its window holds:
 * SE² = n/(n−1)·Σ[r/(1 − c/Σc)]²/(Σc)². It is the HC3 idea for a ratio of totals (close to the jackknife), and keeps
 * a window that pulls the estimate towards itself from looking as if it fitted. Never below the plain one.
 */
export function inflatedStandardError({ n, residuals, sumCapacity }: RatioFit, { capacities }: RatioSample): number {
  let squares = 0;
  for (const [index, residual] of residuals.entries()) {
    const inflated = residual / (1 - (capacities[index] ?? 0) / sumCapacity);
    squares += inflated * inflated;
  }
  return Math.sqrt((n / (n - 1)) * squares) / sumCapacity;
}
