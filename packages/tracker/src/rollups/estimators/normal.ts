// Below: the series needs few terms. Above: the fraction does.
const SWITCH = 3;

/** Standard normal density. */
function normalDensity(x: number): number {
  return Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);
}

/** Standard normal CDF Φ(x): Abramowitz & Stegun 26.2.11 (series) near 0, 26.2.14 (continued fraction) in the tails. */
export function normalCdf(x: number): number {
  if (x <= -SWITCH) return farTail(-x);
  if (x >= SWITCH) return 1 - farTail(x);
  return 0.5 + centre(x);
}

/** Φ(x) − ½. */
function centre(x: number): number {
  let term = x;
  let sum = x;
  for (let odd = 3; Math.abs(term) > 1e-17 * Math.abs(sum); odd += 2) {
    term *= (x * x) / odd;
    sum += term;
  }
  return normalDensity(x) * sum;
}

/** 1 − Φ(x) for x ≥ 3, the fraction x + 1/(x + 2/(x + 3/…)) taken from the inside out. */
function farTail(x: number): number {
  let fraction = x;
  for (let k = 80; k >= 1; k -= 1) fraction = x + k / fraction;
  return normalDensity(x) / fraction;
}
