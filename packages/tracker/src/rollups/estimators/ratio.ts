/** Features and capacity of the windows that count, side by side. */
export interface RatioSample {
  readonly features: readonly number[];
  readonly capacities: readonly number[];
}

/** E = Σf/Σc and how far the windows stray from it. */
export interface RatioFit {
  readonly n: number;
  readonly sumFeatures: number;
  readonly sumCapacity: number;
  readonly estimate: number;
  /** f − E·c, per window. */
  readonly residuals: readonly number[];
  /** √n·s/Σc with s² = Σr²/(n−1); 0: no window strays, which says nothing about the next one. */
  readonly standardError: number;
}

// Residuals of windows on one line through 0 are rounding noise of about 1e-16 of what was subtracted.
const ROUNDING = 1e-12;

/** The ratio of totals with its first-order (delta method) standard error. Needs capacities above 0 and n ≥ 2. */
export function fitRatio({ features, capacities }: RatioSample): RatioFit {
  const n = features.length;
  const sumFeatures = sum(features);
  const sumCapacity = sum(capacities);
  const estimate = sumFeatures / sumCapacity;
  let strays = false;
  let squares = 0;
  const residuals = features.map((feature, index) => {
    const expected = estimate * (capacities[index] ?? 0);
    const residual = feature - expected;
    strays ||= Math.abs(residual) > ROUNDING * Math.max(Math.abs(feature), Math.abs(expected));
    squares += residual * residual;
    return residual;
  });
  const standardError = strays ? Math.sqrt((n / (n - 1)) * squares) / sumCapacity : 0;
  return { n, sumFeatures, sumCapacity, estimate, residuals, standardError };
}

export function sum(values: readonly number[]): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
