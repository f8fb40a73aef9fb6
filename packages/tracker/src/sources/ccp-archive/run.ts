import { FIELD_COUNT } from './fields.ts';

/** Values that are the same in every line the run is in. */
export interface Standing {
  readonly fields: number[];
  readonly kinds: Uint8Array;
  readonly numbers: Float64Array;
  readonly texts: string[];
}

export function noStanding(): Standing {
  return {
    fields: [],
    kinds: new Uint8Array(FIELD_COUNT),
    numbers: new Float64Array(FIELD_COUNT),
    texts: Array.from({ length: FIELD_COUNT }, () => ''),
  };
}

export interface RunParts {
  readonly standing: Standing;
  /** Field whose value follows; -1: one nobody asks for. */
  readonly field: number;
  /** Whether it ends the line; then no value follows. */
  readonly last: boolean;
}

/** A piece of a line that stands in many lines byte for byte: keys, values that do not change, and the key of one that does. */
export class Run {
  readonly standing: Standing;
  readonly field: number;
  readonly last: boolean;
  readonly length: number;
  /** What came after its value, the latest first. */
  readonly next: Run[] = [];
  /** The bytes, four at a time; the last word overlaps the one before. */
  readonly #words: Int32Array;
  readonly #bytes: Uint8Array;

  constructor(bytes: Buffer, { standing, field, last }: RunParts) {
    this.standing = standing;
    this.field = field;
    this.last = last;
    this.length = bytes.length;
    this.#bytes = Uint8Array.from(bytes);
    this.#words = new Int32Array(bytes.length < 4 ? 0 : Math.ceil(bytes.length / 4));
    for (let at = 0; at < this.#words.length; at += 1) {
      this.#words[at] = bytes.readInt32LE(Math.min(at * 4, bytes.length - 4));
    }
  }

  standsAt(view: DataView, at: number): boolean {
    const { length } = this;
    if (at + length > view.byteLength) return false;
    if (length < 4) return this.#shortStandsAt(view, at);
    const words = this.#words;
    const last = words.length - 1;
    let word = 0;
    // Most runs that do not stand here differ early.
    for (; word + 3 < last; word += 4) {
      const here = at + word * 4;
      const differs =
        (view.getInt32(here, true) ^ (words[word] as number)) |
        (view.getInt32(here + 4, true) ^ (words[word + 1] as number)) |
        (view.getInt32(here + 8, true) ^ (words[word + 2] as number)) |
        (view.getInt32(here + 12, true) ^ (words[word + 3] as number));
      if (differs !== 0) return false;
    }
    for (; word < last; word += 1) {
      if (view.getInt32(at + word * 4, true) !== words[word]) return false;
    }
    return view.getInt32(at + length - 4, true) === words[last];
  }

  #shortStandsAt(view: DataView, at: number): boolean {
    return this.#bytes.every((byte, place) => view.getUint8(at + place) === byte);
  }
}
