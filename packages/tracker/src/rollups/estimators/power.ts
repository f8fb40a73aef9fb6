import type { Efficiency } from './efficiency.ts';
import { noncentralTCdf } from './noncentral-t.ts';
import { criticalT } from './student-t.ts';

// A plan beyond it is not one, and the search has to end.
const MOST_WINDOWS = 1_000_000;

/**
 * The chance that a two-sided t test at the level of the estimate notices a true change of `effect` features per unit
 * of capacity, if windows go on to stray as they did: 1 − F(t) + F(−t) of the noncentral t with δ = effect/SE.
 * Null: no standard error.
 */
export function power({ n, level, standardError }: Efficiency, effect = 0.1): number | null {
  if (!Number.isFinite(effect)) throw new RangeError(`the effect is ${effect}, which is not a number`);
  if (standardError === null) return null;
  const df = n - 1;
  const t = criticalT(level, df);
  const delta = Math.abs(effect) / standardError;
  const missed = noncentralTCdf(t, { df, delta }) - noncentralTCdf(-t, { df, delta });
  return Math.min(1, Math.max(0, 1 - missed));
}

/**
 * How many windows like those seen give an interval of ± `halfWidth`: the smallest m ≥ 3 with t(m−1)·SE·√(n/m) ≤
 * halfWidth, SE the plain delta error (the inflation for leverage fades as m grows). Null: no standard error, or more
 * than a million windows. Throws RangeError unless halfWidth is above 0.
 */
export function windowsNeeded({ n, level, standardError }: Efficiency, halfWidth: number): number | null {
  if (!(halfWidth > 0)) throw new RangeError(`a half width is above 0, not ${halfWidth}`);
  if (standardError === null) return null;
  const isEnough = (m: number): boolean =>
    criticalT(level, m - 1) * standardError * Math.sqrt(n / m) <= halfWidth * (1 + 1e-12);
  // t falls as m grows, so enough stays enough: double, then halve the gap.
  let short = 2;
  let enough = 3;
  while (!isEnough(enough)) {
    if (enough >= MOST_WINDOWS) return null;
    short = enough;
    enough = Math.min(enough * 2, MOST_WINDOWS);
  }
  while (enough - short > 1) {
    const middle = Math.floor((short + enough) / 2);
    if (isEnough(middle)) enough = middle;
    else short = middle;
  }
  return enough;
}
