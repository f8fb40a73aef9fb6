/** A part of what is being gathered. */
export interface WrittenPlace {
  /** Counts up when what was written is given away or forgotten: then it is no longer there. */
  readonly generation: number;
  readonly from: number;
  readonly to: number;
}

/** A call for so few would cost more than they do. */
const MOST_BY_BYTE = 48;
/** UTF-8 needs at most this many bytes for one UTF-16 unit. */
const MOST_BYTES_PER_UNIT = 3;

const ZERO = 0x30;
const DOT = 0x2e;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const FIRST_PLAIN = 0x20;
const LAST_PLAIN = 0x7e;
const NULL = Buffer.from('null');

/** The engine is fastest with whole numbers up to here. */
const MOST_BY_DIGIT = 2 ** 31 - 1;
const MOST_DIGITS = 10;
const BILLION = 1e9;
const DIGITS_OF_BILLION = 9;

/** What a share is written down to. */
const SHARES = 1e6;

/**
 * JSON text in one memory that grows and is used over and over. Values are written where they will stand: a line made as
 * a string first costs more than all else that is done for a request.
 */
export class LineBuffer {
  #memory: Buffer;
  #at = 0;
  #generation = 0;

  constructor(memory: Buffer) {
    this.#memory = memory;
  }

  get length(): number {
    return this.#at;
  }

  /** Forgets what was written behind this length, and every place to repeat from. */
  cut(length: number): void {
    if (length === this.#at) return;
    this.#at = length;
    this.#generation += 1;
  }

  /** Goes on in another memory and answers the one that was used until now. */
  exchange(memory: Buffer): Buffer {
    const before = this.#memory;
    this.#memory = memory;
    this.#at = 0;
    this.#generation += 1;
    return before;
  }

  /** What was written from here on, to be {@link repeat}ed. */
  since(from: number): WrittenPlace {
    return { generation: this.#generation, from, to: this.#at };
  }

  /** The same bytes once more. False: they are no longer there. */
  repeat({ generation, from, to }: WrittenPlace): boolean {
    if (generation !== this.#generation) return false;
    this.#reserve(to - from);
    this.#memory.copyWithin(this.#at, from, to);
    this.#at += to - from;
    return true;
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#memory[this.#at] = value;
    this.#at += 1;
  }

  /** UTF-8 of a text that stands in many lines. */
  bytes(bytes: Uint8Array): void {
    const size = bytes.length;
    this.#reserve(size);
    const to = this.#memory;
    const from = this.#at;
    this.#at = from + size;
    if (size > MOST_BY_BYTE) to.set(bytes, from);
    else for (let at = 0; at < size; at += 1) to[from + at] = bytes[at] ?? 0;
  }

  /** A text as it is. */
  text(text: string): void {
    this.#reserve(text.length * MOST_BYTES_PER_UNIT);
    this.#at += this.#memory.write(text, this.#at);
  }

  /** A JSON string, or null. */
  quoted(text: string | null): void {
    if (text === null) {
      this.bytes(NULL);
      return;
    }
    const size = text.length;
    this.#reserve(size + 2);
    const to = this.#memory;
    let at = this.#at;
    to[at] = QUOTE;
    at += 1;
    for (let index = 0; index < size; index += 1) {
      const unit = text.charCodeAt(index);
      if (unit < FIRST_PLAIN || unit > LAST_PLAIN || unit === QUOTE || unit === BACKSLASH) {
        this.text(JSON.stringify(text));
        return;
      }
      to[at] = unit;
      at += 1;
    }
    to[at] = QUOTE;
    this.#at = at + 1;
  }

  /** As JSON has it; null where JSON has no such number. Counts, which nearly all are, go digit by digit. */
  number(value: number | null): void {
    if (value === null) {
      this.bytes(NULL);
    } else if (!(value >= 0 && value <= Number.MAX_SAFE_INTEGER) || value !== Math.floor(value)) {
      this.text(Number.isFinite(value) ? `${value}` : 'null');
    } else if (value <= MOST_BY_DIGIT) {
      this.#reserve(MOST_DIGITS);
      this.#digits(value, digitsOf(value));
    } else {
      const billions = Math.floor(value / BILLION);
      this.number(billions);
      this.#reserve(DIGITS_OF_BILLION);
      this.#digits(value - billions * BILLION, DIGITS_OF_BILLION);
    }
  }

  /** Seconds as a clock of milliseconds tells them; others as they are. */
  seconds(value: number): void {
    const whole = Math.floor(value);
    const ms = Math.round((value - whole) * 1000);
    // A decimal of so few digits is the shortest that means this very number, as JSON writes it.
    if (!(whole >= 0 && whole <= MOST_BY_DIGIT) || ms === 0 || (whole * 1000 + ms) / 1000 !== value) {
      this.number(value);
      return;
    }
    this.number(whole);
    this.#fraction(ms, 3);
  }

  /** A share of a whole, to the millionth. */
  share(value: number): void {
    const parts = Math.round(value * SHARES);
    if (!(parts > 0 && parts < SHARES)) {
      this.number(parts / SHARES);
      return;
    }
    this.byte(ZERO);
    this.#fraction(parts, 6);
  }

  /** What stands behind the point: so many digits, without zeros at the end. */
  #fraction(value: number, digits: number): void {
    let left = value;
    let count = digits;
    while (left % 10 === 0) {
      left /= 10;
      count -= 1;
    }
    this.#reserve(count + 1);
    this.#memory[this.#at] = DOT;
    this.#at += 1;
    this.#digits(left, count);
  }

  /** Room is there. Two at a time: half the divisions, each of which waits for the one before. */
  #digits(value: number, count: number): void {
    const to = this.#memory;
    const from = this.#at;
    let rest = value;
    let at = from + count - 1;
    for (; at > from; at -= 2) {
      // Below 2^31: the engine keeps to whole numbers.
      const hundredth = (rest / 100) | 0;
      const two = rest - hundredth * 100;
      to[at] = ONES[two] ?? 0;
      to[at - 1] = TENS[two] ?? 0;
      rest = hundredth;
    }
    if (at === from) to[at] = ZERO + rest;
    this.#at = from + count;
  }

  #reserve(bytes: number): void {
    const size = this.#at + bytes;
    if (size <= this.#memory.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(size, this.#memory.length * 2));
    this.#memory.copy(larger, 0, 0, this.#at);
    this.#memory = larger;
  }
}

/** The two digits of each number below 100. */
const TENS = Uint8Array.from({ length: 100 }, (_, two) => ZERO + Math.floor(two / 10));
const ONES = Uint8Array.from({ length: 100 }, (_, two) => ZERO + (two % 10));

/** Of a whole number below 2^31. */
function digitsOf(value: number): number {
  if (value < 1e5) return value < 100 ? (value < 10 ? 1 : 2) : value < 1e3 ? 3 : value < 1e4 ? 4 : 5;
  if (value < 1e7) return value < 1e6 ? 6 : 7;
  return value < 1e8 ? 8 : value < BILLION ? 9 : MOST_DIGITS;
}
