import { BREAK } from './clean.ts';
import { shareAt } from './percent.ts';
import type { Share } from './percent.ts';
import { inOneLine, readResetText } from './reset-text.ts';

/** One meter of the pane. */
export interface UsageSection {
  readonly kind: 'session' | 'week';
  /** In parentheses after the name, as printed; empty: none. */
  readonly label: string;
  readonly usedPp: number | null;
  /** Why there is no share; null: there is. */
  readonly why: string | null;
  readonly resets: string | null;
}

// Anything else after the name is a sentence that happens to begin so.
const HEADER = /^[^A-Za-z0-9]{0,4}current (session|week)(?:\s?\(([^()]{1,60})\))?:?\s*([·•].*|\d[\d.,]*\s?%.*)?$/i;
const OPEN_HEADER = /^[^A-Za-z0-9]{0,4}current (?:session|week)\s?\([^()]{0,60}$/i;
const MAX_BODY_LINES = 24;

/** The meters of a pane, in order. */
export function usageSections(lines: readonly string[]): readonly UsageSection[] {
  const whole = withWholeHeaders(lines);
  const starts = whole.flatMap((line, index) => (isHeader(line) ? [index] : []));
  return starts.map((start, nth) => {
    const end = Math.min(starts[nth + 1] ?? whole.length, start + MAX_BODY_LINES);
    const [, kind = '', label = '', rest = ''] = HEADER.exec(whole[start] ?? '') ?? [];
    const body = [rest, ...whole.slice(start + 1, end)].join('\n');
    return { kind: kind.toLowerCase() === 'week' ? 'week' : 'session', label: label.trim(), ...readBody(body) };
  });
}

/** Whether a line is the header of a meter. */
export function isHeader(line: string): boolean {
  return HEADER.test(line);
}

/** Puts a header that was broken inside its parentheses into one line. */
function withWholeHeaders(lines: readonly string[]): readonly string[] {
  const whole: string[] = [];
  for (const line of lines) {
    const before = whole.at(-1);
    const goesOn = before !== undefined && line !== '' && line !== BREAK && OPEN_HEADER.test(before);
    if (goesOn) whole[whole.length - 1] = `${before} ${line}`;
    else whole.push(line);
  }
  return whole;
}

/** A bar of 200 columns in a window of 30 leaves seven blank lines. */
const BLANK = /(?:[^\S\n]*\n){0,9}[^\S\n]*/y;
const RESETS = /[·•\s]{0,8}r\s?e\s?s\s?e\s?t\s?s?(?![a-z])[:\s]{0,4}/iy;

/** Below a header stand blank lines and bars, one share and one reset, in either order; at anything else it ends. */
function readBody(body: string): Pick<UsageSection, 'usedPp' | 'why' | 'resets'> {
  let usedPp: number | null = null;
  let why = 'it shows no percentage';
  let resets: string | null = null;
  let at = 0;
  while (usedPp === null || resets === null) {
    at += matchAt(BLANK, body, at).length;
    const word = resets === null ? matchAt(RESETS, body, at) : '';
    if (word !== '') {
      const clause = clauseAt(body, at + word.length);
      at += word.length + clause.length;
      resets = inOneLine(clause);
      // Where the reset ends is not known, so the figure that follows may be a piece of it.
      if (readResetText(clause) === null && /[\d.,:]$/.test(clause) && /^\n\d/.test(body.slice(at))) break;
      continue;
    }
    const share: Share | null = usedPp === null ? shareAt(body, at) : null;
    if (share?.kind === 'unclear') why = share.why;
    if (share?.kind !== 'read') break;
    usedPp = share.usedPp;
    at = share.end;
  }
  // The start of a word that is torn apart: there is a reset, and it can't be read.
  resets ??= /^[·•\s]{0,8}(r(?:es?|eset?)?(?![a-z])[^\n]{0,40})/i.exec(body.slice(at))?.[1] ?? null;
  return { usedPp, why: usedPp === null ? why : null, resets };
}

const WITH_ZONE = /[^()%\n]*(?:\n[^()%\n]+){0,3}\n?\([^()%\n]*(?:\n[^()%\n]+)?\)/y;
const LINES = [4, 3, 2, 1].map((count) => new RegExp(`[^%\\n]*(?:\\n[^%\\n]+){${count - 1}}(?=\\n|$)`, 'y'));

/** The text of a reset: up to its zone, else as many lines as make a time; else the line it is in. */
function clauseAt(body: string, from: number): string {
  const texts = [WITH_ZONE, ...LINES].map((pattern) => matchAt(pattern, body, from));
  return texts.find((text) => readResetText(text) !== null) ?? matchAt(/[^%\n]*/y, body, from);
}

function matchAt(pattern: RegExp, text: string, from: number): string {
  pattern.lastIndex = from;
  return pattern.exec(text)?.[0] ?? '';
}
