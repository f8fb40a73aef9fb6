// AssemblyScript, not TypeScript: compiled to WebAssembly by scripts/compile-kernel.mjs. The memory is laid out by
// src/learned-lines/kernel-memory.ts. Nothing here allocates, and nothing is read further behind a block than the
// padding there: every literal is shorter than that, and a text or a number ends at the line's end at the latest.

import { timeAt } from './iso-time';
import { xxh64 } from './xxh64';

// Bits of a rule: what a value may be, and what is to be left of it. The same as in src/learned-lines/field-rules.ts.
const TEXT: u32 = 1;
const NULL: u32 = 2;
const FLAG: u32 = 4;
const NUMBER: u32 = 8;
/** A number without a fraction. */
const WHOLE: u32 = 16;
/** A number without a minus. */
const FROM_ZERO: u32 = 32;
const UP_TO_ONE: u32 = 64;
/** Of a number only that it is one: any count of digits, and exponents. */
const LOOSE: u32 = 128;
/** A text that is a time as Date.toISOString prints the years 0 to 9999. */
const TIME: u32 = 256;
/** A text that is the same as that of a cell of the same row. */
const ECHO: u32 = 512;
/** The value goes to the row's cell. */
const KEEP: u32 = 1024;
/** So does the hash of its text. */
const HASH: u32 = 2048;
/** So does the number itself, which has to be held exactly. */
const VALUE: u32 = 4096;
/** A number small enough that a Date holds it in seconds. */
const MOMENT: u32 = 8192;

// What a cell says its value is, above the length.
const IS_TEXT: u32 = 1 << 28;
const IS_NUMBER: u32 = 2 << 28;
const IS_TRUE: u32 = 3 << 28;
const IS_FALSE: u32 = 4 << 28;
const IS_NULL: u32 = 5 << 28;
const LENGTH: u32 = (1 << 28) - 1;

/** Whole part and fraction of a number, in digits: what JSON.parse makes of as many is finite. */
const MOST_WHOLE: u32 = 15;
const MOST_FRACTION: u32 = 20;
const MOST_MOMENT: u32 = 12;
/** As many digits always fit into 64 bits. */
const MOST_DIGITS: u32 = 19;
/** Up to here a double holds every whole number. */
const MOST_EXACT: u64 = 1 << 53;

let columns: u32 = 0;
let seed: u64 = 0;
/** The template that read the last line, and where the scan stopped. */
let last: u32 = 0;
let stop: usize = 0;

export function setUp(columnCount: u32, seedHigh: u32, seedLow: u32): void {
  columns = columnCount;
  seed = ((<u64>seedHigh) << 32) | (<u64>seedLow);
}

/** Where `scan` stopped: at a line that no template fits, or at the end. */
export function stoppedAt(): usize {
  return stop;
}

/**
 * Reads line after line as long as a template fits one. Rows go to `out`: a head of 16 bytes (where the line begins, where
 * the next one does, the template), then a cell of 16 bytes for each column. Returns their number.
 *
 * @param table for each template: its steps, its row of constants, the template that followed it the last time, nothing
 */
export function scan(table: usize, count: u32, at: usize, end: usize, out: usize, outEnd: usize): u32 {
  const rowBytes = (columns + 1) << 4;
  let rows: u32 = 0;
  while (at < end && out + rowBytes <= outEnd) {
    const before = table + (last << 4);
    let template = load<u32>(before, 8);
    let next = match(table + (template << 4), at, out);
    if (next == 0) {
      for (let other: u32 = 0; other < count; other++) {
        if (other == template) continue;
        next = match(table + (other << 4), at, out);
        if (next != 0) {
          template = other;
          break;
        }
      }
    }
    // A line feed is the last byte of every template and in no value, so a line can't reach beyond the end: it is only
    // made sure of.
    if (next == 0 || next > end) break;
    store<u32>(before, template, 8);
    last = template;
    store<u32>(out, at);
    store<u32>(out, next, 4);
    store<u32>(out, template, 8);
    rows++;
    out += rowBytes;
    at = next;
  }
  stop = at;
  return rows;
}

/** Reads one line by one template. Returns where the next line begins; 0: it does not fit. */
export function match(template: usize, at: usize, row: usize): usize {
  let step = <usize>load<u32>(template);
  const constants = <usize>load<u32>(template, 4);
  const cells = row + 16;
  for (let offset: usize = 0; offset < columns << 4; offset += 16) {
    v128.store(cells + offset, v128.load(constants + offset));
  }
  while (true) {
    const length = load<u32>(step, 4);
    if (!isSame(load<u32>(step), at, length)) return 0;
    at += length;
    const rule = load<u32>(step, 8);
    if (rule == 0) return at;
    const cell = cells + load<u32>(step, 12);
    const first = <u32>load<u8>(at);
    if (first == 0x22) at = text(at + 1, rule, cell);
    else if (first == 0x2d || first - 0x30 < 10) at = number(at, rule, cell);
    else at = word(at, rule, cell);
    if (at == 0) return 0;
    step += 16;
  }
}

/** `length` may be 0; up to 15 bytes behind both are looked at and passed over. */
function isSame(one: usize, other: usize, length: u32): bool {
  while (length > 16) {
    if (!i8x16.all_true(i8x16.eq(v128.load(one), v128.load(other)))) return false;
    one += 16;
    other += 16;
    length -= 16;
  }
  const same = i8x16.bitmask(i8x16.eq(v128.load(one), v128.load(other)));
  return ((same | (-1 << length)) & 0xffff) == 0xffff;
}

/** A text from behind its opening quote. Returns what follows its closing quote. */
function text(from: usize, rule: u32, cell: usize): usize {
  if ((rule & TEXT) == 0) return 0;
  const end = textEnd(from);
  if (load<u8>(end) != 0x22) return 0;
  const length = <u32>(end - from);
  if ((rule & (KEEP | TIME | ECHO)) == 0) return end + 1;
  if (rule & ECHO) {
    if ((load<u32>(cell, 4) & ~LENGTH) != IS_TEXT) return 0;
    if ((load<u32>(cell, 4) & LENGTH) != length || !isSame(load<u32>(cell), from, length)) return 0;
    return end + 1;
  }
  if (rule & TIME) {
    const ms = length == 24 ? timeAt(from) : NaN;
    if (isNaN(ms)) return 0;
    if (rule & VALUE) store<f64>(cell, ms, 8);
  } else if (rule & HASH) store<u64>(cell, xxh64(from, length, seed), 8);
  if (rule & KEEP) {
    store<u32>(cell, from);
    store<u32>(cell, IS_TEXT | length, 4);
  }
  return end + 1;
}

/** The first byte that is a quote, a backslash, a control character, DEL or beyond ASCII. */
function textEnd(at: usize): usize {
  while (true) {
    const bytes = v128.load(at);
    // One more than DEL, and than all beyond it, is negative or 0.
    const odd = i8x16.lt_s(i8x16.add(bytes, i8x16.splat(1)), i8x16.splat(0x21));
    const marks = v128.or(i8x16.eq(bytes, i8x16.splat(0x22)), i8x16.eq(bytes, i8x16.splat(0x5c)));
    const found = i8x16.bitmask(v128.or(odd, marks));
    if (found != 0) return at + ctz(found);
    at += 16;
  }
}

function number(from: usize, rule: u32, cell: usize): usize {
  if ((rule & NUMBER) == 0) return 0;
  let at = from;
  const isNegative = load<u8>(at) == 0x2d;
  if (isNegative) {
    if (rule & FROM_ZERO) return 0;
    at++;
  }
  let digits: u64 = 0;
  const wholeFrom = at;
  let digit = <u32>load<u8>(at) - 0x30;
  if (digit > 9) return 0;
  if (digit == 0) digit = <u32>load<u8>(++at) - 0x30;
  else {
    do {
      digits = digits * 10 + digit;
      digit = <u32>load<u8>(++at) - 0x30;
    } while (digit < 10);
  }
  // Else a digit follows a zero.
  if (digit < 10) return 0;
  const whole = <u32>(at - wholeFrom);
  if (whole > MOST_WHOLE && (rule & LOOSE) == 0) return 0;
  if (whole > MOST_MOMENT && rule & MOMENT) return 0;
  let fraction: u32 = 0;
  let scale: f64 = 1;
  if (rule & UP_TO_ONE && (digits > 1 || (digits == 1 && digit == <u32>0x2e - 0x30))) return 0;
  if (digit == <u32>0x2e - 0x30) {
    if (rule & WHOLE) return 0;
    const fractionFrom = at + 1;
    digit = <u32>load<u8>(++at) - 0x30;
    if (digit > 9) return 0;
    do {
      digits = digits * 10 + digit;
      scale *= 10;
      digit = <u32>load<u8>(++at) - 0x30;
    } while (digit < 10);
    fraction = <u32>(at - fractionFrom);
    if (fraction > MOST_FRACTION && (rule & LOOSE) == 0) return 0;
  }
  let isExact = whole + fraction <= MOST_DIGITS && digits <= MOST_EXACT;
  if (((digit + 0x30) | 0x20) == 0x65) {
    if ((rule & LOOSE) == 0) return 0;
    isExact = false;
    const sign = <u32>load<u8>(++at);
    if (sign == 0x2b || sign == 0x2d) at++;
    if (<u32>load<u8>(at) - 0x30 > 9) return 0;
    while (<u32>load<u8>(++at) - 0x30 < 10) {}
  }
  if (rule & KEEP) {
    if (rule & VALUE) {
      if (!isExact) return 0;
      // Both are held exactly, so their quotient is rounded once, as the number itself would be.
      const value = <f64>digits / scale;
      store<f64>(cell, isNegative ? -value : value, 8);
    }
    store<u32>(cell, from);
    store<u32>(cell, IS_NUMBER | (<u32>(at - from)), 4);
  }
  return at;
}

/** null, true or false. */
function word(at: usize, rule: u32, cell: usize): usize {
  let kind: u32 = 0;
  let length: u32 = 4;
  const first = load<u32>(at);
  if (first == 0x6c6c756e && rule & NULL) kind = IS_NULL;
  else if (first == 0x65757274 && rule & FLAG) kind = IS_TRUE;
  else if (first == 0x736c6166 && load<u8>(at, 4) == 0x65 && rule & FLAG) {
    kind = IS_FALSE;
    length = 5;
  } else return 0;
  if (rule & KEEP) {
    store<u32>(cell, at);
    store<u32>(cell, kind | length, 4);
  }
  return at + length;
}

/** XXH64 of `length` bytes, to `into`. */
export function hashTo(at: usize, length: u32, into: usize): void {
  store<u64>(into, xxh64(at, length, seed));
}
