/** Linear interpolation on rank (n−1)·p of values in rising order (type 7 of Hyndman and Fan 1996); null without any. */
export function quantile(rising: readonly number[], p: number): number | null {
  const rank = (rising.length - 1) * p;
  const low = rising[Math.floor(rank)];
  const high = rising[Math.ceil(rank)];
  if (low === undefined || high === undefined) return null;
  return low + (high - low) * (rank - Math.floor(rank));
}

/** Middle and spread that a few wild values can't move. */
export interface Middle {
  readonly median: number;
  /**
   * Median distance to the median, scaled to be a standard deviation where values are normal (Rousseeuw and Croux,
   * "Alternatives to the Median Absolute Deviation", 1993).
   */
  readonly spread: number;
}

/** Null without values. */
export function middleOf(values: readonly number[]): Middle | null {
  const median = medianOf(values);
  if (median === null) return null;
  const distance = medianOf(values.map((value) => Math.abs(value - median))) ?? 0;
  return { median, spread: MAD_TO_DEVIATION * distance };
}

export function medianOf(values: readonly number[]): number | null {
  return quantile(
    values.toSorted((a, b) => a - b),
    0.5,
  );
}

/** 1 / Φ⁻¹(3/4). */
const MAD_TO_DEVIATION = 1.4826;
