/** Linear interpolation on rank (n−1)·p; NaN without values. */
export function quantile(values, p) {
  if (values.length === 0) return Number.NaN;
  const sorted = Float64Array.from(values).sort();
  const rank = (sorted.length - 1) * p;
  const low = sorted[Math.floor(rank)];
  const high = sorted[Math.ceil(rank)];
  return low + (high - low) * (rank - Math.floor(rank));
}

/** Median with the smallest and largest value; null without finite values. */
export function spread(values) {
  const finite = values.filter((value) => typeof value === 'number' && Number.isFinite(value));
  if (finite.length === 0) return null;
  return { median: quantile(finite, 0.5), min: Math.min(...finite), max: Math.max(...finite), n: finite.length };
}
