/** A share read from text. `end` is where reading stopped. */
export type Share =
  | { readonly kind: 'read'; readonly usedPp: number; readonly end: number }
  /** There is no figure here at all. */
  | { readonly kind: 'none' }
  /** There is one, and it could mean more than one thing. */
  | { readonly kind: 'unclear'; readonly why: string };

// A gap goes over at most one line break: a blank line ends what was wrapped.
const GAP = '[^\\S\\n]*\\n?[^\\S\\n]*';
const NUMBER = new RegExp(`${GAP}(\\d[\\d.,]*(?:\\n[\\d.,]+){0,2})${GAP}%`, 'y');
const ANY_FIGURE = new RegExp(`${GAP}(?:[%\\d]|[^\\s\\d]{1,3}\\d)`, 'y');
const USED = new RegExp(`${GAP}${['u', 's', 'e', 'd'].join(GAP)}(?![A-Za-z])`, 'iy');
const LEFT = new RegExp(`${GAP}(?:${['l', 'e', 'f', 't'].join(GAP)}|remaining)(?![A-Za-z])`, 'iy');
const USED_CUT = /[^\S\n]*(?:use|us|u)[^\S\n]*(?=\n|$)/iy;
const LEFT_CUT = /[^\S\n]*(?:lef|le|l)[^\S\n]*(?=\n|$)/iy;
const CUT_GOES_ON = /[^\S\n]*\n[^\S\n]*[a-z]/y;

/**
 * The share that starts at `from`, such as `82% used`, `18 % left`, `1,5% used`, `82% u` where a frame cut the line, or
 * `8⏎2% us⏎ed` where it was wrapped. A figure without `%`, or without a word for its direction, is not read: it may be
 * half of one, or mean the opposite.
 *
 * @returns percentage points used; above 100 as printed
 */
export function shareAt(text: string, from: number): Share {
  const digits = match(NUMBER, text, from);
  if (digits === null) {
    return match(ANY_FIGURE, text, from) === null ? { kind: 'none' } : unclear('it shows no whole percentage');
  }
  const percent = wholeNumber((digits[1] ?? '').replaceAll('\n', ''));
  if (percent === null) return unclear('its percentage has no plain number');
  const direction = directionAt(text, from + digits[0].length);
  if (direction === null) return unclear('its percentage does not say whether it is used or left');
  if (direction.word === 'used') return { kind: 'read', usedPp: percent, end: direction.end };
  if (percent > 100) return unclear('more than 100% is left');
  // 100 − 55.4 in binary is 44.6 and a bit.
  return { kind: 'read', usedPp: Number((100 - percent).toFixed(2)), end: direction.end };
}

/** At most three digits and two decimals; a comma or a point before three digits could part thousands. */
function wholeNumber(text: string): number | null {
  return /^(?:0|[1-9]\d{0,2})(?:[.,]\d{1,2})?$/.test(text) ? Number(text.replace(',', '.')) : null;
}

function directionAt(text: string, from: number): { readonly word: 'used' | 'left'; readonly end: number } | null {
  for (const [word, whole, cut] of [
    ['used', USED, USED_CUT],
    ['left', LEFT, LEFT_CUT],
  ] as const) {
    const found = match(whole, text, from);
    if (found !== null) return { word, end: from + found[0].length };
    const part = match(cut, text, from);
    const end = from + (part?.[0].length ?? 0);
    // A line that goes on with other letters has another word there.
    if (part !== null && match(CUT_GOES_ON, text, end) === null) return { word, end };
  }
  return null;
}

function match(pattern: RegExp, text: string, from: number): RegExpExecArray | null {
  pattern.lastIndex = from;
  return pattern.exec(text);
}

function unclear(why: string): Share {
  return { kind: 'unclear', why };
}
