import { numberEnd, spells, stringEnd } from './json-walk.ts';
import type { Span } from './json-walk.ts';

/** The text of the string that starts at `at` and ends before `end`. */
export function textIn(bytes: Buffer, at: number, end: number): string {
  for (let index = at + 1; index < end - 1; index += 1) {
    const byte = bytes[index] as number;
    // An escape, or beyond ASCII: rare in names and ids.
    if (byte === BACKSLASH || byte >= 0x80) return JSON.parse(bytes.toString('utf8', at, end)) as string;
  }
  return bytes.toString('latin1', at + 1, end - 1);
}

/** The value at `at` if it is a short one; undefined for objects, arrays and what is no JSON. */
export function scalarIn(bytes: Buffer, at: number, end: number): string | number | boolean | null | undefined {
  const first = bytes[at];
  if (first === QUOTE) {
    const after = stringEnd(bytes, at, end);
    return after < 0 ? undefined : textIn(bytes, at, after);
  }
  if (first === LOWER_T) return true;
  if (first === LOWER_F) return false;
  if (first === LOWER_N) return null;
  const after = numberEnd(bytes, at, end);
  return after < 0 ? undefined : numberIn(bytes, at, after);
}

/** The number in a span. Whole numbers of up to 15 digits, which all counts are, go without a string. */
export function numberIn(bytes: Buffer, start: number, end: number): number {
  if (end - start > 15) return Number(bytes.toString('latin1', start, end));
  let value = 0;
  for (let index = start; index < end; index += 1) {
    const digit = (bytes[index] as number) - ZERO;
    if (digit < 0 || digit > 9) return Number(bytes.toString('latin1', start, end));
    value = value * 10 + digit;
  }
  return value;
}

/** A key to look for: ASCII without escapes. */
export function keyNamed(name: string): (bytes: Buffer, key: Span) => boolean {
  const word = Buffer.from(name, 'latin1');
  return (bytes, key) => spells(bytes, key, word);
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const ZERO = 0x30;
const LOWER_F = 0x66;
const LOWER_N = 0x6e;
const LOWER_T = 0x74;
