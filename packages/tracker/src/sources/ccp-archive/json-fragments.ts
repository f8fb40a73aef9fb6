/** The JSON objects of one line, and where something on it is none. */
export interface Fragments {
  readonly values: readonly unknown[];
  /** Columns in bytes, from 1. */
  readonly badAt: readonly number[];
  /** Offset behind the last whole object: what follows may be the beginning of one. */
  readonly end: number;
}

/**
 * Reads a line that is not one JSON value: several objects one behind the other (`{}{"ts":…}`), or a torn one that the
 * next writer went on behind. What is whole is found; what is not is told by its column.
 */
export function fragmentsOf(line: Buffer): Fragments {
  // One character per byte: brackets and quotes are ASCII, so offsets in it are offsets in the bytes.
  const text = line.toString('latin1');
  const values: unknown[] = [];
  const badAt: number[] = [];
  let end = 0;
  let at = 0;
  let inBad = false;
  const bad = (offset: number): void => {
    if (!inBad) badAt.push(offset + 1);
    inBad = true;
  };
  for (let work = MOST_WORK * (line.length + 1); work > 0;) {
    const start = text.indexOf('{', at);
    const before = firstInk(text, at, start < 0 ? text.length : start);
    if (before >= 0) bad(before);
    if (start < 0) return { values, badAt, end };
    const close = objectEnd(text, start);
    work -= (close < 0 ? Math.min(text.length, start + MOST_RECORD_BYTES) : close) - start + 1;
    const value = close < 0 ? undefined : parsed(line.toString('utf8', start, close));
    if (value === undefined) {
      bad(start);
      at = start + 1;
    } else {
      values.push(value);
      inBad = false;
      end = at = close;
    }
  }
  return { values, badAt: [...badAt, at + 1], end };
}

/** How often a line may be read over. One of nothing but opening brackets is no log. */
const MOST_WORK = 20;
/** Nor is an object of this many bytes that stands beside others on a line. */
const MOST_RECORD_BYTES = 64 * 1024;

/** Undefined: no JSON. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** Offset of the first character that is neither blank nor zero: a file cut off by a power loss ends in zeros. */
function firstInk(text: string, from: number, to: number): number {
  for (let at = from; at < to; at += 1) {
    const code = text.charCodeAt(at);
    if (code > 0x20 || (code !== 0x20 && code !== 0 && code !== 0x09 && code !== 0x0a && code !== 0x0d)) return at;
  }
  return -1;
}

/** Offset behind the bracket that closes the one at `start`; -1: none does, or it is too far away. */
function objectEnd(text: string, start: number): number {
  const to = Math.min(text.length, start + MOST_RECORD_BYTES);
  let depth = 0;
  for (let at = start; at < to; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      at = stringEnd(text, at + 1, to);
      if (at < 0) return -1;
    } else if (code === OPEN) depth += 1;
    else if (code === CLOSE && (depth -= 1) === 0) return at + 1;
  }
  return -1;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN = 0x7b;
const CLOSE = 0x7d;

/** Offset of the closing quote; -1: there is none. */
function stringEnd(text: string, from: number, to: number): number {
  for (let at = from; at < to; at += 1) {
    const code = text.charCodeAt(at);
    if (code === BACKSLASH) at += 1;
    else if (code === QUOTE) return at;
  }
  return -1;
}
