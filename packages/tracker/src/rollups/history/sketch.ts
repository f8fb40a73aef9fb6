/** A distribution of positive numbers whose quantiles are within 1 % of the true ones. Counts can be taken back. */
export type Sketch = Map<number, number>;

const ERROR = 0.01;
const GAMMA = (1 + ERROR) / (1 - ERROR);
const LOG_GAMMA = Math.log(GAMMA);

/** Adds `value` `count` times; a negative count takes it back. Values that are not above zero are passed over. */
export function addTo(sketch: Sketch, value: number, count: number): void {
  if (!(value > 0) || !Number.isFinite(value)) return;
  addBin(sketch, Math.ceil(Math.log(value) / LOG_GAMMA), count);
}

export function mergeInto(sketch: Sketch, other: Sketch): void {
  for (const [bin, count] of other) addBin(sketch, bin, count);
}

/** The values at some shares (0 to 1); null each where nothing was added. */
export function quantiles(sketch: Sketch, shares: readonly number[]): readonly (number | null)[] {
  const bins = [...sketch].toSorted(([a], [b]) => a - b);
  const n = bins.reduce((sum, [, count]) => sum + count, 0);
  return shares.map((share) => {
    if (n === 0) return null;
    const rank = share * (n - 1);
    let seen = 0;
    for (const [bin, count] of bins) {
      seen += count;
      if (seen > rank) return (2 * GAMMA ** bin) / (GAMMA + 1);
    }
    return null;
  });
}

function addBin(sketch: Sketch, bin: number, count: number): void {
  const next = (sketch.get(bin) ?? 0) + count;
  if (next > 0) sketch.set(bin, next);
  else sketch.delete(bin);
}
