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

  /** Bins in order: the first as it is, the others as steps from the one before, each with its count. */
  toJSON(): SketchJson {
    let before = 0;
    const bins = [...this.#bins]
      .toSorted(([a], [b]) => a - b)
      .flatMap(([bin, count]) => {
        const step = bin - before;
        before = bin;
        return [step, count];
      });
    return { zeros: this.#zeros, bins };
  }

  /** What `toJSON` gave; null for anything else. */
  static from(json: unknown): Sketch | null {
    if (typeof json !== 'object' || json === null) return null;
    const { zeros, bins } = json as Partial<Record<keyof SketchJson, unknown>>;
    if (!isCount(zeros) || !Array.isArray(bins) || bins.length % 2 !== 0) return null;
    const sketch = new Sketch();
    sketch.#zeros = zeros;
    sketch.#count = zeros;
    let bin = 0;
    for (let at = 0; at < bins.length; at += 2) {
      const step: unknown = bins[at];
      const count: unknown = bins[at + 1];
      if (!Number.isSafeInteger(step) || (at > 0 && Number(step) <= 0) || !isCount(count)) return null;
      bin += Number(step);
      sketch.#bins.set(bin, count);
      sketch.#count += count;
    }
    return sketch;
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

interface SketchJson {
  readonly zeros: number;
  readonly bins: readonly number[];
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

/** Neighbouring bins differ by 2 %, so a bin's middle is within 1 % of every value in it. */
const GAMMA = 1.02;
const LOG_GAMMA = Math.log(GAMMA);
const MIN_VALUE = 1e-6;

function valueOf(bin: number): number {
  return (2 * GAMMA ** bin) / (GAMMA + 1);
}
