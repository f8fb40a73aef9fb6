import { logGamma } from './log-gamma.ts';

// Far above what a, b < 1e7 need; convergence takes about √max(a, b) steps.
const MAX_STEPS = 20_000;
const TINY = 1e-300;

/**
 * The regularised incomplete beta function I_x(a, b), by its continued fraction (DLMF 8.17.22) evaluated with the
 * modified method of Lentz, on the side of the mean where it converges fast (DLMF 8.17.4 for the other side).
 * `a`, `b` ≥ 0.5; `x` in [0, 1]; `y` is 1 − x, handed in because the caller knows it without cancellation.
 */
export function incompleteBeta(x: number, y: number, { a, b }: { readonly a: number; readonly b: number }): number {
  if (x <= 0) return 0;
  if (y <= 0) return 1;
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log(y));
  if (x < (a + 1) / (a + b + 2)) return (front * fraction(x, a, b)) / a;
  return 1 - (front * fraction(y, b, a)) / b;
}

function fraction(x: number, a: number, b: number): number {
  let c = 1;
  let d = 1 / awayFromZero(1 - ((a + b) * x) / (a + 1));
  let value = d;
  for (let m = 1; m <= MAX_STEPS; m += 1) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / awayFromZero(1 + even * d);
    c = awayFromZero(1 + even / c);
    value *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / awayFromZero(1 + odd * d);
    c = awayFromZero(1 + odd / c);
    const step = d * c;
    value *= step;
    if (Math.abs(step - 1) < 1e-15) return value;
  }
  throw new RangeError(`the incomplete beta function did not converge at x=${x}, a=${a}, b=${b}`);
}

function awayFromZero(value: number): number {
  return Math.abs(value) < TINY ? TINY : value;
}
