import type { Span } from '../json-spans.ts';

/** One way of writing the end of an answer, from its usage on: what stands between numbers, and which of them count. */
interface Form {
  /** Before the first number, between numbers, and behind the last one. */
  readonly between: readonly Piece[];
  /** The last numbers that were read, in their order. */
  readonly numbers: Float64Array;
  readonly wanted: readonly number[];
  /** Those, in the order they are wanted in. */
  readonly values: number[];
}

/** Bytes to be compared with, four at a time. */
interface Piece {
  readonly length: number;
  /** The last four bytes, the four before them, and so on. */
  readonly words: Int32Array;
  /** The first ones, fewer than four. */
  readonly head: Uint8Array;
}

/**
 * Reads the usage of an answer that ends like one before it, but for its numbers: a provider writes them all alike, and
 * comparing bytes takes a fraction of looking for members.
 *
 * What is compared reaches from the key of the usage object to the end of the text and holds one that was found to be
 * the last member, or members, of the outermost object. Digits in other places make no other structure of it.
 */
export class UsageForms {
  readonly #forms: Form[] = [];

  /**
   * @param text a whole JSON object
   * @returns the numbers that `learn` was told of, in its order, until the next one is read; null when it ends in no way
   *   that is known
   */
  read(text: Uint8Array): readonly number[] | null {
    if (text[0] !== OPEN_OBJECT) return null;
    const bytes = new DataView(text.buffer, text.byteOffset, text.length);
    for (const form of this.#forms) if (fill(form, bytes)) return valuesOf(form);
    return null;
  }

  /**
   * @param keyAt where the key of the usage object begins, with its quote; behind it only this and what is outside of it
   * @param spans where the numbers are that count
   */
  learn(text: Buffer, keyAt: number, spans: readonly Span[]): void {
    if (this.#forms.length >= MOST_FORMS || keyAt < 1 || text.length - keyAt > MOST_BYTES) return;
    // The byte before belongs to it: behind a backslash the quote would be one inside a string.
    const from = keyAt - 1;
    const tail = text.toString('latin1', from);
    const between: Piece[] = [];
    const starts: number[] = [];
    let end = 0;
    for (const { 0: token, index } of tail.matchAll(STRING_OR_NUMBER)) {
      if (!WHOLE_NUMBER.test(token)) continue;
      between.push(pieceOf(tail.slice(end, index)));
      starts.push(from + index);
      end = index + token.length;
    }
    between.push(pieceOf(tail.slice(end)));
    const wanted = spans.map(({ start }) => starts.indexOf(start));
    if (!wanted.includes(-1))
      this.#forms.push({ between, wanted, numbers: new Float64Array(starts.length), values: wanted.map(() => 0) });
  }
}

/** Ways in which the providers of one process write their answers. */
const MOST_FORMS = 8;
const MOST_BYTES = 2_000;

const STRING_OR_NUMBER = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g;
/** Without sign, fraction and exponent, and no more than any request can use. */
const WHOLE_NUMBER = /^(?:0|[1-9]\d{0,8})$/;

const OPEN_OBJECT = 0x7b;
const ZERO = 0x30;
const MOST_DIGITS = 9;

const WORD = 4;

function pieceOf(latin1: string): Piece {
  const bytes = Buffer.from(latin1, 'latin1');
  const count = Math.floor(bytes.length / WORD);
  const words = Int32Array.from({ length: count }, (_, nth) => bytes.readInt32LE(bytes.length - WORD * (nth + 1)));
  return { length: bytes.length, words, head: bytes.subarray(0, bytes.length % WORD) };
}

function valuesOf({ wanted, numbers, values }: Form): readonly number[] {
  for (let at = 0; at < wanted.length; at += 1) values[at] = numbers[wanted[at] ?? 0] ?? 0;
  return values;
}

/** From the end of the text backwards. False: it does not end in this way. */
function fill({ between, numbers }: Form, text: DataView): boolean {
  let at = text.byteLength;
  for (let nth = between.length - 1; ; nth -= 1) {
    const piece = between[nth];
    if (piece === undefined || !endsWith(text, at, piece)) return false;
    if (nth === 0) return true;
    at -= piece.length;
    let value = 0;
    let unit = 1;
    let digits = 0;
    for (; digits <= MOST_DIGITS && at > 0; digits += 1) {
      const digit = text.getUint8(at - 1) - ZERO;
      if (digit < 0 || digit > 9) break;
      value += digit * unit;
      unit *= 10;
      at -= 1;
    }
    const hasLeadingZero = digits > 1 && text.getUint8(at) === ZERO;
    if (digits === 0 || digits > MOST_DIGITS || hasLeadingZero) return false;
    numbers[nth - 1] = value;
  }
}

/** Do the bytes before `end` end with the piece? */
function endsWith(text: DataView, end: number, { length, words, head }: Piece): boolean {
  if (length > end) return false;
  let at = end;
  // By index: the engine's iterator over typed arrays takes as long as what it goes over.
  for (let nth = 0; nth < words.length; nth += 1) {
    at -= WORD;
    if (text.getInt32(at, true) !== words[nth]) return false;
  }
  for (let nth = head.length - 1; nth >= 0; nth -= 1) {
    at -= 1;
    if (text.getUint8(at) !== head[nth]) return false;
  }
  return true;
}
