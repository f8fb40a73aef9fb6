/** Where a value lies in its text, in UTF-16 units: `[start, end)`. */
export interface MemberSpan {
  readonly start: number;
  readonly end: number;
}

/**
 * The members of the object that `text` is, which must be valid JSON: a signature counts for the bytes as they lie in
 * the file, and parsing forgets them. Null: not an object, or a member is named twice, so that two readers could see
 * different documents.
 */
export function memberSpans(text: string): ReadonlyMap<string, MemberSpan> | null {
  const spans = new Map<string, MemberSpan>();
  let at = afterSpace(text, 0);
  if (text[at] !== '{') return null;
  at = afterSpace(text, at + 1);
  while (text[at] === '"') {
    const afterKey = valueEnd(text, at);
    const key = JSON.parse(text.slice(at, afterKey)) as string;
    const start = afterSpace(text, afterSpace(text, afterKey) + 1);
    const end = valueEnd(text, start);
    if (spans.has(key)) return null;
    spans.set(key, { start, end });
    at = afterSpace(text, end);
    if (text[at] !== ',') break;
    at = afterSpace(text, at + 1);
  }
  return spans;
}

function afterSpace(text: string, from: number): number {
  let at = from;
  while (' \t\r\n'.includes(text[at] ?? '.')) at += 1;
  return at;
}

/** The end of the valid JSON value that begins at `from`. */
function valueEnd(text: string, from: number): number {
  let depth = 0;
  let at = from;
  for (;;) {
    const sign = text[at];
    if (sign === '"') at = stringEnd(text, at);
    else at += 1;
    if (sign === '{' || sign === '[') depth += 1;
    if (sign === '}' || sign === ']') depth -= 1;
    if (depth > 0 && at < text.length) continue;
    if (sign === '"' || sign === '}' || sign === ']' || at >= text.length) return at;
    // A number or a word ends where another sign begins.
    if (',}] \t\r\n'.includes(text[at] ?? ',')) return at;
  }
}

function stringEnd(text: string, from: number): number {
  let at = from + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at + 1;
}
