import { Sketch } from '../../sketch.ts';

/**
 * A sketch in the order its row has it: a row of an hour gets a few values at a time, and sorting hundreds of counters
 * for each of them would be most of what a turn costs here. Says the same as the sketch.
 */
export class OrderedSketch {
  #zeros = 0;
  #count = 0;
  /** In order, each beside its count. */
  readonly #bins: number[] = [];
  readonly #counts: number[] = [];

  constructor(sketch: Sketch) {
    this.add(sketch);
  }

  get count(): number {
    return this.#count;
  }

  add(sketch: Sketch): void {
    if (sketch.count === 0) return;
    const { zeros, bins } = sketch.toJSON();
    this.#zeros += zeros;
    this.#count += sketch.count;
    let bin = 0;
    let place = 0;
    for (let at = 0; at < bins.length; at += 2) {
      bin += bins[at] ?? 0;
      place = this.#placeOf(bin, place);
      if (this.#bins[place] === bin) {
        this.#counts[place] = (this.#counts[place] ?? 0) + (bins[at + 1] ?? 0);
      } else {
        this.#bins.splice(place, 0, bin);
        this.#counts.splice(place, 0, bins[at + 1] ?? 0);
      }
    }
  }

  /** As `Sketch.quantile`. */
  quantile(p: number): number | null {
    if (this.#count === 0) return null;
    const rank = (this.#count - 1) * p;
    const low = this.#at(Math.floor(rank));
    const high = Number.isInteger(rank) ? low : this.#at(Math.ceil(rank));
    return low + (high - low) * (rank - Math.floor(rank));
  }

  /** JSON of the sketch. */
  toText(): string {
    let text = '';
    let before = 0;
    for (let place = 0; place < this.#bins.length; place += 1) {
      const bin = this.#bins[place] ?? 0;
      text += `${place === 0 ? '' : ','}${bin - before},${this.#counts[place] ?? 0}`;
      before = bin;
    }
    return `{"zeros":${this.#zeros},"bins":[${text}]}`;
  }

  /** Of the first bin that is not less. */
  #placeOf(bin: number, from: number): number {
    let low = from;
    let high = this.#bins.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#bins[middle] ?? 0) < bin) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #at(rank: number): number {
    let seen = this.#zeros;
    if (rank < seen) return 0;
    for (let place = 0; place < this.#bins.length; place += 1) {
      seen += this.#counts[place] ?? 0;
      if (rank < seen) return valueOf(this.#bins[place] ?? 0);
    }
    return 0;
  }
}

const values = new Map<number, number>();

/** What a sketch takes a value in this bin for. */
function valueOf(bin: number): number {
  let value = values.get(bin);
  if (value === undefined) {
    value = Sketch.from({ zeros: 0, bins: [bin, 1] })?.quantile(0) ?? 0;
    values.set(bin, value);
  }
  return value;
}
