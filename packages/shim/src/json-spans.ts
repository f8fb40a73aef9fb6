/** Where one value lies in a JSON text: `[start, end)` in bytes. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/**
 * Finds the values of some top-level keys of a JSON object without parsing it.
 *
 * A coding agent's request is 50 KB to over 1 MB and we need four short fields of it: parsing all of it costs more than
 * relaying it. The scan walks brackets and strings only. Answers null whenever it is not certain to agree with
 * `JSON.parse` (not an object, an escaped key, unbalanced text, something after the end): the caller then parses.
 * Like `JSON.parse`, the last of several equal keys wins. Text *inside* values is not validated.
 *
 * @returns one span per wanted key in the same order (null where the key is absent), or null when unsure
 */
export function topLevelSpans(text: Buffer, wanted: readonly string[]): (Span | null)[] | null {
  const found: (Span | null)[] = wanted.map(() => null);
  const end = findMembers(text, skipSpace(text, 0), wanted, found);
  return end >= 0 && skipSpace(text, end) === text.length ? found : null;
}

/**
 * The members of an object that is the value of a top-level key near the end of a JSON object, found without looking at
 * what is before it. Inside a string the quotes of `key` would be escaped, so what is found is a key, or a value at its
 * place; and the object that ends where the text ends is the outermost one, unless the text was cut off there.
 *
 * @param key with its quotes
 * @returns where the key begins, and one span per wanted key in the same order (null where it is absent); null when unsure
 */
export function membersOfLast(
  text: Buffer,
  key: Buffer,
  wanted: readonly string[],
): { readonly keyAt: number; readonly spans: readonly (Span | null)[] } | null {
  const at = lastIndexOf(text, key);
  if (at <= 0 || text[at - 1] === BACKSLASH || text[skipSpace(text, 0)] !== OPEN_OBJECT) return null;
  const colon = skipSpace(text, at + key.length);
  if (text[colon] !== COLON) return null;
  const found: (Span | null)[] = wanted.map(() => null);
  const end = findMembers(text, skipSpace(text, colon + 1), wanted, found);
  if (end < 0) return null;
  const next = skipSpace(text, end);
  const over =
    text[next] === CLOSE_OBJECT ? next + 1 : text[next] === COMMA ? findMembers(text, next, NO_KEYS, []) : -1;
  return over >= 0 && skipSpace(text, over) === text.length ? { keyAt: at, spans: found } : null;
}

const NO_KEYS: readonly string[] = [];

/** What is looked for is nearly always this near to the end: walking there is cheaper than the native search. */
const NEAR_BYTES = 400;

function lastIndexOf(text: Buffer, key: Buffer): number {
  const size = key.length;
  const first = key[0];
  const last = text.length - size;
  for (let at = last; at >= 0 && at > last - NEAR_BYTES; at -= 1) {
    if (text[at] !== first) continue;
    let same = 1;
    while (same < size && text[at + same] === key[same]) same += 1;
    if (same === size) return at;
  }
  return text.lastIndexOf(key);
}

/** Fills `found` with the values of the object at `from`, or of what is left of one behind a comma. Answers the offset behind it; -1 when unsure. */
function findMembers(text: Buffer, from: number, wanted: readonly string[], found: (Span | null)[]): number {
  const isRest = text[from] === COMMA;
  if (text[from] !== OPEN_OBJECT && !isRest) return -1;
  let at = skipSpace(text, from + 1);
  if (text[at] === CLOSE_OBJECT && !isRest) return at + 1;
  for (;;) {
    if (text[at] !== QUOTE) return -1;
    const keyStart = at + 1;
    const keyEnd = plainKeyEnd(text, keyStart);
    if (keyEnd < 0) return -1;
    at = skipSpace(text, keyEnd + 1);
    if (text[at] !== COLON) return -1;
    const start = skipSpace(text, at + 1);
    const end = valueEnd(text, start);
    if (end < 0) return -1;
    const index = keyIndex(text, keyStart, keyEnd, wanted);
    if (index >= 0) found[index] = { start, end };
    at = skipSpace(text, end);
    if (text[at] === CLOSE_OBJECT) return at + 1;
    if (text[at] !== COMMA) return -1;
    at = skipSpace(text, at + 1);
  }
}

/** Where a key ends; -1: nowhere, or it has an escape, which could spell a wanted one. */
function plainKeyEnd(text: Buffer, from: number): number {
  for (let at = from; at < text.length; at += 1) {
    const byte = text[at];
    if (byte === QUOTE) return at;
    if (byte === BACKSLASH) return -1;
  }
  return -1;
}

/** Which of the wanted keys this is; below 0: none. */
function keyIndex(text: Buffer, start: number, end: number, wanted: readonly string[]): number {
  const size = end - start;
  for (let index = 0; index < wanted.length; index += 1) {
    const key = wanted[index];
    if (key === undefined || key.length !== size) continue;
    let at = 0;
    while (at < size && text[start + at] === key.charCodeAt(at)) at += 1;
    if (at === size) return index;
  }
  return -1;
}

/** The parsed value of a span. Throws as `JSON.parse` does. The common short values go without a parser. */
export function valueAt(text: Buffer, span: Span): unknown {
  const { start, end } = span;
  const first = text[start];
  if (first === QUOTE && end - start < PLAIN_BYTES) {
    let at = start + 1;
    while (at < end - 1 && isPlain(text[at])) at += 1;
    if (at === end - 1) return text.toString('latin1', start + 1, at);
  } else if (first !== undefined && first >= DIGIT_0 && first <= DIGIT_9) {
    const whole = wholeNumber(text, start, end);
    if (whole >= 0) return whole;
  } else if (first === LOWER_T && end - start === 4 && text.toString('latin1', start, end) === 'true') return true;
  else if (first === LOWER_F && end - start === 5 && text.toString('latin1', start, end) === 'false') return false;
  return JSON.parse(text.toString('utf8', start, end));
}

/** A number without sign, fraction and exponent that a double holds exactly; -1: it is another one, or none. */
function wholeNumber(text: Buffer, start: number, end: number): number {
  if (end - start > EXACT_DIGITS || (text[start] === DIGIT_0 && end - start > 1)) return -1;
  let value = 0;
  for (let at = start; at < end; at += 1) {
    const digit = (text[at] ?? 0) - DIGIT_0;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}

/** ASCII that stands for itself inside a JSON string. */
function isPlain(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x20 && byte < 0x7f && byte !== BACKSLASH && byte !== QUOTE;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const COMMA = 0x2c;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const DIGIT_0 = 0x30;
const DIGIT_9 = 0x39;
const EXACT_DIGITS = 15;
const LOWER_T = 0x74;
const LOWER_F = 0x66;
/** Model names and ids are shorter. */
const PLAIN_BYTES = 100;
/** Short strings are cheaper to walk than to hand to the native search. */
const WALK_BYTES = 40;

function skipSpace(text: Buffer, from: number): number {
  let at = from;
  for (;;) {
    const byte = text[at];
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return at;
    at += 1;
  }
}

/** Offset after the closing quote of the string whose first content byte is at `from`; -1 when it never ends. */
function stringEnd(text: Buffer, from: number): number {
  const walkTo = Math.min(from + WALK_BYTES, text.length);
  let at = from;
  while (at < walkTo) {
    const byte = text[at];
    if (byte === QUOTE) return at + 1;
    at += byte === BACKSLASH ? 2 : 1;
  }
  // The walk never stops inside an escape pair, so every backslash run found below starts at or after `floor`.
  const floor = at;
  for (;;) {
    const quote = text.indexOf(QUOTE, at);
    if (quote < 0) return -1;
    let run = quote;
    while (run > floor && text[run - 1] === BACKSLASH) run -= 1;
    if ((quote - run) % 2 === 0) return quote + 1;
    at = quote + 1;
  }
}

function valueEnd(text: Buffer, from: number): number {
  const first = text[from];
  if (first === QUOTE) return stringEnd(text, from + 1);
  if (first === OPEN_OBJECT || first === OPEN_ARRAY) return containerEnd(text, from + 1);
  let at = from;
  for (; at < text.length; at += 1) {
    const byte = text[at];
    if (byte === COMMA || byte === CLOSE_OBJECT || byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09)
      break;
  }
  return at > from ? at : -1;
}

function containerEnd(text: Buffer, from: number): number {
  const size = text.length;
  let depth = 1;
  let at = from;
  while (at < size) {
    const byte = text[at];
    at += 1;
    if (byte === QUOTE) {
      at = stringEnd(text, at);
      if (at < 0) return -1;
    } else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
      depth += 1;
    } else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) {
      depth -= 1;
      if (depth === 0) return at;
    }
  }
  return -1;
}
