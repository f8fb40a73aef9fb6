/** The half of a symmetric distribution above 0. */
export interface UpperHalf {
  /** P(X > x) for x ≥ 0: accurate for small tails, where 1 − CDF is not. */
  readonly tail: (x: number) => number;
  readonly density: (x: number) => number;
}

/**
 * The quantile of a distribution symmetric about 0, by Newton's steps on the tail, each kept inside a bracket that is
 * halved when a step leaves it. Throws RangeError unless 0 < p < 1.
 */
export function symmetricQuantile(p: number, half: UpperHalf): number {
  if (!(p > 0 && p < 1)) throw new RangeError(`a probability lies between 0 and 1, not at ${p}`);
  if (p === 0.5) return 0;
  return p < 0.5 ? -tailQuantile(p, half) : tailQuantile(1 - p, half);
}

function tailQuantile(mass: number, { tail, density }: UpperHalf): number {
  let lo = 0;
  let hi = 1;
  while (tail(hi) > mass) {
    lo = hi;
    hi *= 2;
  }
  let x = (lo + hi) / 2;
  for (let step = 0; step < 200; step += 1) {
    const excess = tail(x) - mass;
    if (excess > 0) lo = x;
    else hi = x;
    const next = x + excess / density(x);
    const inside = next > lo && next < hi ? next : (lo + hi) / 2;
    if (Math.abs(inside - x) <= 1e-15 * x) return inside;
    x = inside;
  }
  return x;
}
