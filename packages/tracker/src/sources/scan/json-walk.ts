// Walks JSON in bytes, strictly: what these functions accept, JSON.parse accepts with the same structure. Where they answer
// -1 the text may still be JSON (very deep nesting); the caller then asks JSON.parse. Lines of transcripts are mostly
// long texts we don't want, and decoding and parsing them costs several times more than walking past them.

/** Called for each member of an object; answers the index after the value, or -1. */
export type Member = (text: Buffer, key: Span, valueAt: number, end: number) => number;

/** `[start, end)` in bytes. Reused between calls: take what you need of it. */
export interface Span {
  start: number;
  end: number;
}

/** Index after the object that starts at `at`; -1 when it is none. Members are visited in their order. */
export function walkObject(text: Buffer, at: number, end: number, member: Member): number {
  if (text[at] !== OPEN_OBJECT) return -1;
  const key: Span = { start: 0, end: 0 };
  let next = skipSpace(text, at + 1, end);
  if (text[next] === CLOSE_OBJECT) return next < end ? next + 1 : -1;
  while (next < end) {
    const afterKey = stringEnd(text, next, end);
    if (afterKey < 0) return -1;
    key.start = next + 1;
    key.end = afterKey - 1;
    // An escaped key could spell a wanted one.
    for (let index = key.start; index < key.end; index += 1) if (text[index] === BACKSLASH) return -1;
    next = skipSpace(text, afterKey, end);
    if (text[next] !== COLON) return -1;
    next = member(text, key, skipSpace(text, next + 1, end), end);
    if (next < 0) return -1;
    next = skipSpace(text, next, end);
    if (next >= end) return -1;
    if (text[next] === CLOSE_OBJECT) return next + 1;
    if (text[next] !== COMMA) return -1;
    next = skipSpace(text, next + 1, end);
  }
  return -1;
}

/** Index after the value that starts at `at`, whatever it is; -1 when it is none. */
export function valueEnd(text: Buffer, at: number, end: number, depth = 0): number {
  if (at >= end || depth > MOST_DEPTH) return -1;
  switch (text[at]) {
    case QUOTE:
      return stringEnd(text, at, end);
    case OPEN_OBJECT:
      return objectEnd(text, at, end, depth);
    case OPEN_ARRAY:
      return arrayEnd(text, at, end, depth);
    case LOWER_T:
      return wordEnd(text, at, end, TRUE);
    case LOWER_F:
      return wordEnd(text, at, end, FALSE);
    case LOWER_N:
      return wordEnd(text, at, end, NULL);
    default:
      return numberEnd(text, at, end);
  }
}

/** Index after the closing quote of the string whose opening quote is at `at`; -1 when it is none. */
export function stringEnd(text: Buffer, at: number, end: number): number {
  if (text[at] !== QUOTE) return -1;
  for (let index = at + 1; index < end; index += 1) {
    const byte = text[index] as number;
    if (byte === QUOTE) return index + 1;
    if (byte === BACKSLASH) {
      index += 1;
      if (index >= end) return -1;
      const escape = text[index] as number;
      if (escape === LOWER_U) {
        for (let digit = 1; digit <= 4; digit += 1) if (index + digit >= end || !isHex(text[index + digit])) return -1;
        index += 4;
      } else if (ESCAPES[escape] !== 1) return -1;
    } else if (byte < 0x20) return -1;
  }
  return -1;
}

/** Index after the number that starts at `at`; -1 when it is none. */
export function numberEnd(text: Buffer, at: number, end: number): number {
  let index = text[at] === MINUS ? at + 1 : at;
  const whole = digitsEnd(text, index, end);
  if (whole === index || (text[index] === ZERO && whole > index + 1)) return -1;
  index = whole;
  if (index < end && text[index] === POINT) {
    const part = digitsEnd(text, index + 1, end);
    if (part === index + 1) return -1;
    index = part;
  }
  if (index < end && (text[index] === LOWER_E || text[index] === UPPER_E)) {
    index += 1;
    if (index < end && (text[index] === PLUS || text[index] === MINUS)) index += 1;
    const power = digitsEnd(text, index, end);
    if (power === index) return -1;
    index = power;
  }
  return index;
}

/** Whether the span holds exactly these ASCII bytes. */
export function spells(text: Buffer, { start, end }: Span, word: Buffer): boolean {
  if (end - start !== word.length) return false;
  for (let index = 0; index < word.length; index += 1) if (text[start + index] !== word[index]) return false;
  return true;
}

export function skipSpace(text: Buffer, at: number, end: number): number {
  let index = at;
  while (index < end) {
    const byte = text[index];
    if (byte !== SPACE && byte !== LINE_FEED && byte !== CARRIAGE_RETURN && byte !== TAB) break;
    index += 1;
  }
  return index;
}

function objectEnd(text: Buffer, at: number, end: number, depth: number): number {
  let next = skipSpace(text, at + 1, end);
  if (next < end && text[next] === CLOSE_OBJECT) return next + 1;
  while (next < end) {
    next = stringEnd(text, next, end);
    if (next < 0) return -1;
    next = skipSpace(text, next, end);
    if (next >= end || text[next] !== COLON) return -1;
    next = valueEnd(text, skipSpace(text, next + 1, end), end, depth + 1);
    if (next < 0) return -1;
    next = skipSpace(text, next, end);
    if (next >= end) return -1;
    if (text[next] === CLOSE_OBJECT) return next + 1;
    if (text[next] !== COMMA) return -1;
    next = skipSpace(text, next + 1, end);
  }
  return -1;
}

function arrayEnd(text: Buffer, at: number, end: number, depth: number): number {
  let next = skipSpace(text, at + 1, end);
  if (next < end && text[next] === CLOSE_ARRAY) return next + 1;
  while (next < end) {
    next = valueEnd(text, next, end, depth + 1);
    if (next < 0) return -1;
    next = skipSpace(text, next, end);
    if (next >= end) return -1;
    if (text[next] === CLOSE_ARRAY) return next + 1;
    if (text[next] !== COMMA) return -1;
    next = skipSpace(text, next + 1, end);
  }
  return -1;
}

function wordEnd(text: Buffer, at: number, end: number, word: Buffer): number {
  if (at + word.length > end) return -1;
  for (let index = 0; index < word.length; index += 1) if (text[at + index] !== word[index]) return -1;
  return at + word.length;
}

function digitsEnd(text: Buffer, at: number, end: number): number {
  let index = at;
  while (index < end) {
    const byte = text[index] as number;
    if (byte < ZERO || byte > NINE) break;
    index += 1;
  }
  return index;
}

function isHex(byte: number | undefined): boolean {
  if (byte === undefined) return false;
  const lower = byte | 0x20;
  return (byte >= ZERO && byte <= NINE) || (lower >= 0x61 && lower <= 0x66);
}

/** Deeper than any record; a fence for the stack. */
const MOST_DEPTH = 200;

const TRUE = Buffer.from('true');
const FALSE = Buffer.from('false');
const NULL = Buffer.from('null');
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const COMMA = 0x2c;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const LOWER_E = 0x65;
const LOWER_F = 0x66;
const LOWER_N = 0x6e;
const LOWER_T = 0x74;
const LOWER_U = 0x75;
const UPPER_E = 0x45;
const MINUS = 0x2d;
const PLUS = 0x2b;
const POINT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const SPACE = 0x20;
const TAB = 0x09;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** What may follow a backslash, apart from u. */
const ESCAPES = new Uint8Array(256);
for (const letter of '"\\/bfnrt') ESCAPES[letter.charCodeAt(0)] = 1;
