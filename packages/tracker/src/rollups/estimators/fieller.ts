import { percentText, windowsText } from './interval.ts';
import type { Bounded, Unbounded } from './interval.ts';
import type { RatioFit, RatioSample } from './ratio.ts';
import { criticalT } from './student-t.ts';

/**
 * Fieller's confidence set for E = Σf/Σc with t(n−1): every θ for which the mean of f − θ·c is not significantly off 0,
 * A·θ² − 2B·θ + C ≤ 0 with A = c̄² − t²·s_cc/n, B = f̄·c̄ − t²·s_fc/n, C = f̄² − t²·s_ff/n. A > 0: an interval.
 * Otherwise the mean capacity itself is not significantly above 0, and the set has no end (Fieller 1954; von Luxburg &
 * Franz 2009). It always contains the estimate. Needs n ≥ 2 and capacities above 0.
 */
export function fieller({ capacities }: RatioSample, fit: RatioFit, level: number): Bounded | Unbounded {
  const { n, estimate, residuals } = fit;
  const t = criticalT(level, n - 1);
  const mean = fit.sumCapacity / n;
  let rr = 0;
  let rc = 0;
  let cc = 0;
  for (const [index, residual] of residuals.entries()) {
    const off = (capacities[index] ?? 0) - mean;
    rr += residual * residual;
    rc += residual * off;
    cc += off * off;
  }
  // The same set for φ = θ − E, where f becomes the residual, whose mean is 0: nothing large is subtracted from
  // something nearly as large, and 0 is in the set whatever the rounding.
  const share = (t * t) / ((n - 1) * n);
  const quadratic = { a: mean * mean - share * cc, b: -share * rc, c: -share * rr };
  const reason = `capacity varies too much over ${windowsText(n)} for ${percentText(level)} confidence to bound the ratio`;
  return solve(quadratic, { shift: estimate, reason });
}

/** The set of θ = φ + shift where a·φ² − 2b·φ + c ≤ 0. Needs c ≤ 0: φ = 0 is in the set. */
export function solve(
  { a, b, c }: { readonly a: number; readonly b: number; readonly c: number },
  { shift, reason }: { readonly shift: number; readonly reason: string },
): Bounded | Unbounded {
  if (a === 0) {
    if (b === 0) return { kind: 'unbounded', shape: 'whole-line', reason };
    return { kind: 'unbounded', shape: b > 0 ? 'at-least' : 'at-most', end: shift + c / (2 * b), reason };
  }
  const discriminant = b * b - a * c;
  if (discriminant <= 0 && a < 0) return { kind: 'unbounded', shape: 'whole-line', reason };
  const root = Math.sqrt(discriminant);
  // The larger of b ± root in size, and the other root by their product: no cancellation.
  const q = b >= 0 ? b + root : b - root;
  const roots = [q / a, q === 0 ? 0 : c / q];
  const lo = shift + Math.min(...roots);
  const hi = shift + Math.max(...roots);
  return a > 0 ? { kind: 'bounded', lo, hi } : { kind: 'unbounded', shape: 'complement', below: lo, above: hi, reason };
}
