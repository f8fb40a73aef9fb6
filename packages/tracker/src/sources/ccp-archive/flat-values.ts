import { FIELD_COUNT } from './fields.ts';

export const NUMBER = 1;
/** A number with more digits than can be added up exactly: read by `Number` when somebody asks. */
export const LONG_NUMBER = 2;
export const TEXT = 3;
export const TRUE = 4;
export const FALSE = 5;
export const NULL = 6;

const QUOTE = 0x22;
const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;
const BACKSLASH = 0x5c;

/** `true`, `fals` and `null` as little-endian words. */
const TRUE_WORD = 0x65757274;
const FALS_WORD = 0x736c6166;
const NULL_WORD = 0x6c6c756e;

/** A whole number of this many digits is a double without loss, and so is the power of ten it is divided by. */
const EXACT_DIGITS = 15;
const POWERS = Float64Array.from({ length: EXACT_DIGITS + 1 }, (_, digits) => Number(`1e${digits}`));

/** Values of one line by field: where they stand, and those that are done with. */
export class FlatValues {
  readonly kinds = new Uint8Array(FIELD_COUNT);
  readonly numbers = new Float64Array(FIELD_COUNT);
  readonly from = new Int32Array(FIELD_COUNT);
  readonly to = new Int32Array(FIELD_COUNT);

  /**
   * Reads the plain value at `at`; one without a field (-1) is only stepped over. Four bytes beyond the line must exist,
   * and the line must end with a byte that is part of no value.
   *
   * @returns where the value ends; -1: not a plain one
   */
  read(bytes: Buffer, view: DataView, at: number, field: number): number {
    const first = bytes[at] as number;
    if (first === QUOTE) return this.#text(bytes, at + 1, field);
    if (first === MINUS || (first >= ZERO && first <= 0x39)) return this.#number(bytes, at, field);
    const word = view.getInt32(at, true);
    if (word === NULL_WORD) return this.#literal(field, NULL, at + 4);
    if (word === TRUE_WORD) return this.#literal(field, TRUE, at + 4);
    if (word === FALS_WORD && bytes[at + 4] === 0x65) return this.#literal(field, FALSE, at + 5);
    return -1;
  }

  #literal(field: number, kind: number, end: number): number {
    if (field >= 0) this.kinds[field] = kind;
    return end;
  }

  #text(bytes: Buffer, from: number, field: number): number {
    let end = from;
    for (let byte = bytes[end] as number; byte !== QUOTE; byte = bytes[end] as number) {
      if (byte < 0x20 || byte === BACKSLASH || byte >= 0x80) return -1;
      end += 1;
    }
    if (field >= 0) {
      this.kinds[field] = TEXT;
      this.from[field] = from;
      this.to[field] = end;
    }
    return end + 1;
  }

  /** Ends before an exponent, which is then no comma and no bracket: the line is refused. */
  #number(bytes: Buffer, at: number, field: number): number {
    const negative = bytes[at] === MINUS;
    const start = negative ? at + 1 : at;
    let value = 0;
    let end = start;
    let digit = (bytes[end] as number) - ZERO;
    while (digit >= 0 && digit <= 9) {
      value = value * 10 + digit;
      end += 1;
      digit = (bytes[end] as number) - ZERO;
    }
    let digits = end - start;
    if (digits === 0 || (digits > 1 && bytes[start] === ZERO)) return -1;
    let decimals = 0;
    if (bytes[end] === POINT) {
      const point = end;
      end += 1;
      digit = (bytes[end] as number) - ZERO;
      while (digit >= 0 && digit <= 9) {
        value = value * 10 + digit;
        end += 1;
        digit = (bytes[end] as number) - ZERO;
      }
      decimals = end - point - 1;
      if (decimals === 0) return -1;
      digits += decimals;
    }
    if (field < 0) return end;
    if (digits > EXACT_DIGITS) {
      this.kinds[field] = LONG_NUMBER;
      this.from[field] = at;
      this.to[field] = end;
      return end;
    }
    const exact = decimals === 0 ? value : value / (POWERS[decimals] as number);
    this.kinds[field] = NUMBER;
    this.numbers[field] = negative ? -exact : exact;
    return end;
  }
}
