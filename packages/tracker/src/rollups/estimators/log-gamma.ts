// Coefficients for g = 7, n = 9, by P. Godfrey (2001): relative error below 1e-14 for positive arguments.
const G = 7;
const FIRST = 0.99999999999980993;
const COEFFICIENTS = [
  676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059, 12.507343278686905,
  -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
];

/** ln Γ(x) for x ≥ 0.5, by Lanczos' approximation (SIAM J. Numer. Anal. B 1, 1964). */
export function logGamma(x: number): number {
  const base = x - 1 + G + 0.5;
  let series = FIRST;
  for (const [index, coefficient] of COEFFICIENTS.entries()) series += coefficient / (x + index);
  return 0.5 * Math.log(2 * Math.PI) + (x - 0.5) * Math.log(base) - base + Math.log(series);
}
