/**
 * Quantiles of positive numbers within 1 % in a few hundred counters (Masson, Rim, Lee: DDSketch, VLDB 2019).
 * Sketches add up, so windows can be merged from their parts.
 */
export class Sketch {
  #zeros = 0;
  #count = 0;
  #bins = new Map<number, number>();

  add(value: number): void {
    this.#count += 1;
    if (value <= MIN_VALUE) {
      this.#zeros += 1;
      return;
    }
    const bin = Math.ceil(Math.log(value) / LOG_GAMMA);
    this.#bins.set(bin, (this.#bins.get(bin) ?? 0) + 1);
  }

  merge(other: Sketch): void {
    this.#count += other.#count;
    this.#zeros += other.#zeros;
    for (const [bin, count] of other.#bins) this.#bins.set(bin, (this.#bins.get(bin) ?? 0) + count);
  }

  get count(): number {
    return this.#count;
  }

  /** Linear interpolation on rank (n−1)·p; null without values. */
  quantile(p: number): number | null {
    if (this.#count === 0) return null;
    const rank = (this.#count - 1) * p;
    const low = this.#at(Math.floor(rank));
    const high = this.#at(Math.ceil(rank));
    return low + (high - low) * (rank - Math.floor(rank));
  }

  /** Σ of the values, each clamped to [p_low, p_high] of their own distribution. */
  winsorisedSum(low: number, high: number): number {
    const floor = this.quantile(low) ?? 0;
    const ceiling = this.quantile(high) ?? 0;
    let sum = this.#zeros * floor;
    for (const [bin, count] of this.#bins) sum += count * Math.min(ceiling, Math.max(floor, valueOf(bin)));
    return sum;
  }

  #at(rank: number): number {
    let seen = this.#zeros;
    if (rank < seen) return 0;
    for (const bin of [...this.#bins.keys()].toSorted((a, b) => a - b)) {
      seen += this.#bins.get(bin) ?? 0;
      if (rank < seen) return valueOf(bin);
    }
    return 0;
  }
}

/** Neighbouring bins differ by 2 %, so a bin's middle is within 1 % of every value in it. */
const GAMMA = 1.02;
const LOG_GAMMA = Math.log(GAMMA);
const MIN_VALUE = 1e-6;

function valueOf(bin: number): number {
  return (2 * GAMMA ** bin) / (GAMMA + 1);
}
