/**
 * How text is written inside the one canonical form of a JSON value.
 * `html`: `<`, `>`, `&`, U+2028 and U+2029 as `\u….`, other characters as they are. `ascii`: everything beyond ASCII as
 * `\u….`, nothing else. Both agree for ASCII text without `<>&`.
 */
export type CanonicalForm = 'html' | 'ascii';

/** Deeper than any document of ours; a hostile one must not exhaust the stack. */
const DEEPEST = 64;

/**
 * One text per JSON value: keys sorted by code point, no spaces. Two values with the same text are the same value.
 *
 * @throws {TypeError} when the value is not JSON (undefined, a function, a number that is not finite) or nests deeper
 *   than 64 levels
 */
export function canonicalJson(value: unknown, form: CanonicalForm): string {
  return written(value, form, 0);
}

function written(value: unknown, form: CanonicalForm, depth: number): string {
  if (depth > DEEPEST) throw new TypeError(`nested deeper than ${DEEPEST} levels`);
  if (typeof value === 'string') return quoted(value, form);
  if (typeof value === 'number' && !Number.isFinite(value)) throw new TypeError('a number is not finite');
  if (value === null || typeof value === 'number' || typeof value === 'boolean') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((item) => written(item, form, depth + 1)).join(',')}]`;
  if (typeof value !== 'object') throw new TypeError(`a ${typeof value} is not JSON`);
  const members = Object.entries(value).toSorted(([left], [right]) => byCodePoint(left, right));
  return `{${members.map(([key, item]) => `${quoted(key, form)}:${written(item, form, depth + 1)}`).join(',')}}`;
}

const ESCAPED = { html: /[<>&\u2028\u2029]/g, ascii: /[^\0-\x7f]/g } as const;

function quoted(text: string, form: CanonicalForm): string {
  // Without the u flag a pair of surrogates is two matches, and is written as two escapes.
  return JSON.stringify(text).replace(
    ESCAPED[form],
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** The order of UTF-8 bytes, which differs from that of UTF-16 units for characters beyond U+FFFF. */
function byCodePoint(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}
