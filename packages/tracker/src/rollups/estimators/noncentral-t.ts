import { logGamma } from './log-gamma.ts';
import { normalCdf } from './normal.ts';

const PANELS = 2000;

/**
 * CDF of the noncentral t: T = (Z + δ)/S with S² = χ²/df, so P(T ≤ t) = ∫ Φ(t·s − δ) g(s) ds over the density of S
 * (Johnson, Kotz & Balakrishnan, Continuous Univariate Distributions 2, ch. 31), by Simpson's rule.
 */
export function noncentralTCdf(t: number, { df, delta }: { readonly df: number; readonly delta: number }): number {
  // Beyond it, S has less than 1e-16 of its mass.
  const end = 1 + 9 / Math.sqrt(df);
  const width = end / PANELS;
  const logScale = Math.log(2) + (df / 2) * Math.log(df / 2) - logGamma(df / 2);
  let sum = 0;
  for (let panel = 0; panel <= PANELS; panel += 1) {
    const s = panel * width;
    const power = df === 1 ? 0 : (df - 1) * Math.log(s);
    const density = Math.exp(logScale + power - (df * s * s) / 2);
    const weight = panel === 0 || panel === PANELS ? 1 : panel % 2 === 1 ? 4 : 2;
    sum += weight * density * normalCdf(t * s - delta);
  }
  return Math.min(1, (sum * width) / 3);
}
