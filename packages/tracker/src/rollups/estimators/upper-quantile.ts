/** A value that the next one exceeds seldom, and how seldom. */
export interface UpperQuantile {
  readonly value: number;
  /** Values behind it. */
  readonly n: number;
  /** Share of next values at or below `value` that n values alike can promise: less than asked for while n is small. */
  readonly confidence: number;
}

/**
 * The k-th smallest of n values with k = ⌈(n+1)·quantile⌉, the rank of split conformal prediction (Vovk et al. 2005):
 * the next value of an exchangeable series is at most that with probability ≥ k/(n+1) ≥ quantile, whatever their
 * distribution. Where k would be n+1 (n < 9 for 0.9) no value seen is high enough: the largest is taken, and promises
 * n/(n+1). Null without values.
 */
export function upperQuantile(values: readonly number[], quantile: number): UpperQuantile | null {
  if (!(quantile > 0 && quantile < 1)) throw new RangeError(`a quantile lies between 0 and 1, not at ${quantile}`);
  const n = values.length;
  // 0.9·10 must be 9, also where a double says 9.000000000000002.
  const rank = Math.min(n, Math.ceil((n + 1) * quantile - 1e-9));
  const value = values.toSorted((a, b) => a - b)[rank - 1];
  return value === undefined ? null : { value, n, confidence: rank / (n + 1) };
}
