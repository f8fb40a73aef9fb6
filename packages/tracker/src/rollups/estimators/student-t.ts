import { incompleteBeta } from './incomplete-beta.ts';
import { logGamma } from './log-gamma.ts';
import { symmetricQuantile } from './tail-inverse.ts';

/** CDF of Student's t with `df` ≥ 1 degrees of freedom, through the incomplete beta function (DLMF 8.17, A&S 26.7.1). */
export function studentCdf(t: number, df: number): number {
  return t < 0 ? upperTail(-t, df) : 1 - upperTail(t, df);
}

/** The t that a share `p` lies below. Throws RangeError unless 0 < p < 1 and df ≥ 1. */
export function studentQuantile(p: number, df: number): number {
  if (!(df >= 1)) throw new RangeError(`Student's t needs at least 1 degree of freedom, not ${df}`);
  return symmetricQuantile(p, { tail: (t) => upperTail(t, df), density: (t) => density(t, df) });
}

/** The t of a two-sided interval: a share `level` lies between −t and t. */
export function criticalT(level: number, df: number): number {
  if (!(level > 0 && level < 1)) throw new RangeError(`a confidence level lies between 0 and 1, not at ${level}`);
  return studentQuantile((1 + level) / 2, df);
}

/** P(T > t) for t ≥ 0. */
function upperTail(t: number, df: number): number {
  const square = t * t;
  return 0.5 * incompleteBeta(df / (df + square), square / (df + square), { a: df / 2, b: 0.5 });
}

function density(t: number, df: number): number {
  const log = logGamma((df + 1) / 2) - logGamma(df / 2) - ((df + 1) / 2) * Math.log1p((t * t) / df);
  return Math.exp(log) / Math.sqrt(df * Math.PI);
}
