import type { Span } from '../json-spans.ts';

/** One way of writing the end of an answer, from its usage on: what stands between numbers, and which of them count. */
interface Form {
  /** Bytes before the first number, between numbers, and behind the last one. */
  readonly between: readonly Uint8Array[];
  /** The last numbers that were read, in their order. */
  readonly numbers: Float64Array;
  readonly wanted: readonly number[];
}

/**
 * Reads the usage of an answer that ends like one before it, but for its numbers: a provider writes them all alike, and
 * comparing bytes takes a third of looking for members.
 *
 * What is compared reaches from the key of the usage object to the end of the text and holds one that was found to be
 * the last member, or members, of the outermost object. Digits in other places make no other structure of it.
 */
export class UsageForms {
  readonly #forms: Form[] = [];

  /**
   * @param text a whole JSON object
   * @returns the numbers that `learn` was told of, in its order; null when it ends in no way that is known
   */
  read(text: Uint8Array): readonly number[] | null {
    if (text[0] !== OPEN_OBJECT) return null;
    for (const form of this.#forms) if (fill(form, text)) return form.wanted.map((nth) => form.numbers[nth] ?? 0);
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
    const between: Uint8Array[] = [];
    const starts: number[] = [];
    let end = 0;
    for (const { 0: token, index } of tail.matchAll(STRING_OR_NUMBER)) {
      if (!WHOLE_NUMBER.test(token)) continue;
      between.push(Buffer.from(tail.slice(end, index), 'latin1'));
      starts.push(from + index);
      end = index + token.length;
    }
    between.push(Buffer.from(tail.slice(end), 'latin1'));
    const wanted = spans.map(({ start }) => starts.indexOf(start));
    if (!wanted.includes(-1)) this.#forms.push({ between, wanted, numbers: new Float64Array(starts.length) });
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

/** From the end of the text backwards. False: it does not end in this way. */
function fill({ between, numbers }: Form, text: Uint8Array): boolean {
  let at = text.length;
  for (let nth = between.length - 1; ; nth -= 1) {
    const bytes = between[nth] ?? NOTHING;
    if (bytes.length > at) return false;
    for (let index = bytes.length - 1; index >= 0; index -= 1) {
      at -= 1;
      if (text[at] !== bytes[index]) return false;
    }
    if (nth === 0) return true;
    let value = 0;
    let unit = 1;
    let digits = 0;
    for (; digits <= MOST_DIGITS; digits += 1) {
      const digit = (text[at - 1] ?? 0) - ZERO;
      if (digit < 0 || digit > 9) break;
      value += digit * unit;
      unit *= 10;
      at -= 1;
    }
    const hasLeadingZero = digits > 1 && text[at] === ZERO;
    if (digits === 0 || digits > MOST_DIGITS || hasLeadingZero) return false;
    numbers[nth - 1] = value;
  }
}

const NOTHING = new Uint8Array();
