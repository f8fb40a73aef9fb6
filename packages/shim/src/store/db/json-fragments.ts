/**
 * The JSON values of one line of a log. Older logs have lines like `{}{"ts":…}`, and lines that were torn by a crash and
 * continued by the next writer: what is whole is found all the same.
 */
export interface Fragments {
  readonly values: readonly unknown[];
  /** Columns (from 1) where something is no JSON. */
  readonly badAt: readonly number[];
}

export function fragmentsOf(line: string): Fragments {
  const whole = parsed(line);
  if (whole !== undefined) return { values: [whole], badAt: [] };
  const values: unknown[] = [];
  const badAt: number[] = [];
  let at = 0;
  let inBad = false;
  let work = 0;
  while (work <= MOST_WORK * (line.length + 1)) {
    const start = line.indexOf('{', at);
    const before = line.slice(at, start < 0 ? line.length : start);
    if (!inBad && !BLANK.test(before)) badAt.push(at + 1);
    if (start < 0) return { values, badAt };
    const end = objectEnd(line, start);
    work += (end < 0 ? line.length : end) - start + 1;
    const value = end < 0 ? undefined : parsed(line.slice(start, end));
    if (value === undefined) {
      if (!inBad && BLANK.test(before)) badAt.push(start + 1);
      inBad = true;
      at = start + 1;
      continue;
    }
    values.push(value);
    inBad = false;
    at = end;
  }
  return { values, badAt: [...badAt, at + 1] };
}

/** How often a line may be read over. One of nothing but opening brackets is no log. */
const MOST_WORK = 50;
/** A file cut off by a power loss may end in zeros. */
const BLANK = /^[\s\0]*$/;

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** Offset after the bracket that closes the one at `start`; -1 when none does. */
function objectEnd(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length; at += 1) {
    switch (text[at]) {
      case '"':
        at = stringEnd(text, at + 1);
        if (at < 0) return -1;
        break;
      case '{':
        depth += 1;
        break;
      case '}':
        depth -= 1;
        if (depth === 0) return at + 1;
        break;
      default:
    }
  }
  return -1;
}

/** Offset of the closing quote; -1 when there is none. */
function stringEnd(text: string, from: number): number {
  for (let at = from; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === '"') return at;
  }
  return -1;
}
