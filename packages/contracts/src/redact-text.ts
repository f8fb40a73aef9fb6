/** What a part of a text was taken for. */
export type SpanKind = 'secret' | 'email' | 'path' | 'link' | 'term' | 'cut';

/** A part of a text that does not leave: where it stood in the text as it was read, in UTF-16 units, and how long it was. */
export interface RedactedSpan {
  readonly kind: SpanKind;
  readonly at: number;
  readonly chars: number;
}

export interface RedactedText {
  /** One line, at most {@link MAX_TEXT_CHARS} long; each span replaced by its kind in brackets. */
  readonly text: string;
  readonly spans: readonly RedactedSpan[];
}

/** A sentence, not a prompt. */
export const MAX_TEXT_CHARS = 200;

/** More than a sentence is not looked at, so that no text costs more than this. */
const MAX_READ_CHARS = 2_000;

const CREDENTIAL_PREFIXES = [
  '(?:sk|pk|rk|ak)[-_]',
  'gh[pousr]_',
  'github_pat_',
  'glpat-',
  'xox[a-z]-',
  'xapp-',
  'npm_',
  'hf_',
  'AKIA',
  'ASIA',
  'AIza',
  'ya29\\.',
  'eyJ',
  'SG\\.',
  'AAAA[BCE]3Nza',
];

/** In the order in which they win where two begin at the same place. Each is linear: no repetition inside a repetition. */
const DETECTORS: readonly {
  readonly kind: SpanKind;
  readonly pattern: RegExp;
  readonly unless?: RegExp;
  readonly inWords?: true;
}[] = [
  { kind: 'secret', pattern: /-----BEGIN.*/gu },
  {
    kind: 'secret',
    pattern:
      /(?:pass(?:word|wd|phrase)?|pwd|secret|token|api[-_ ]?key|authorization|credential)s?["']?\s*[:=]\s*\S+/giu,
    inWords: true,
  },
  { kind: 'secret', pattern: /\b(?:bearer|basic)\s+\S+/giu },
  { kind: 'secret', pattern: new RegExp(`(?:${CREDENTIAL_PREFIXES.join('|')})[\\w.~+/=-]{6,}`, 'gu'), inWords: true },
  { kind: 'email', pattern: /[^\s@]*@[^\s@]+/gu },
  { kind: 'link', pattern: /[a-z][a-z0-9+.-]*:\/\/\S+/giu },
  // Whatever has a slash or a backslash between other characters, and so every branch of the usual form. A fraction has too.
  { kind: 'path', pattern: /(?!\d+\/\d+(?:\s|$))\S*[/\\]\S*/gu },
  { kind: 'path', pattern: /~\S*/gu },
  // A long word is a word while it is letters of one case.
  { kind: 'secret', pattern: /[\w+=]{20,}/gu, unless: /^[A-Z]?[a-z_]+$/u, inWords: true },
];

/**
 * The first sentence's worth of a text without what looks like a credential, an address, a path, a branch or a link, and
 * without `terms` (names of this machine and its user). Invisible characters go first: they could split a secret.
 */
export function redactText(text: string, terms: readonly string[] = []): RedactedText {
  const clean = text.normalize('NFKC').replaceAll(/[\p{Cf}\p{Mn}]/gu, '');
  const line = firstLine(clean);
  const spans = merged([...found(line), ...foundTerms(line, terms)]);
  let out = '';
  let at = 0;
  for (const span of spans) {
    out += `${line.slice(at, span.at)}[${span.kind}]`;
    at = span.at + span.chars;
  }
  out += line.slice(at);
  const short = cutAt(out, MAX_TEXT_CHARS);
  const isCut = short.length < out.length || line.length < clean.trim().length;
  return {
    text: short,
    spans: isCut ? [...spans, { kind: 'cut', at: line.length, chars: clean.length - line.length }] : spans,
  };
}

/** What of the detectors can match where there is no space, slash, `@`, `~` and `=`. */
const IN_WORDS = DETECTORS.filter(({ inWords }) => inWords === true);

/** Whether a word of letters, digits and `._:+-` has a part that looks like a credential. */
export function hasCredential(word: string): boolean {
  return IN_WORDS.some(({ pattern, unless }) =>
    unless === undefined
      ? word.search(pattern) !== -1
      : [...word.matchAll(pattern)].some(([match]) => !unless.test(match)),
  );
}

function firstLine(text: string): string {
  const [line = ''] = text.trim().split(/[\p{Cc}\u2028\u2029]/u, 1);
  return cutAt(line, MAX_READ_CHARS);
}

/** At a gap between words: half a secret would no longer look like one. */
function cutAt(text: string, chars: number): string {
  if (text.length <= chars) return text;
  const gap = text.lastIndexOf(' ', chars);
  return gap <= 0 ? '' : text.slice(0, gap);
}

function found(line: string): RedactedSpan[] {
  return DETECTORS.flatMap(({ kind, pattern, unless }) =>
    [...line.matchAll(pattern)]
      .filter(([match]) => unless?.test(match) !== true)
      .map((match) => ({ kind, at: match.index, chars: match[0].length })),
  );
}

function foundTerms(line: string, terms: readonly string[]): RedactedSpan[] {
  const lower = line.toLowerCase();
  const spans: RedactedSpan[] = [];
  // Shorter ones are in too many words.
  for (const term of terms.filter(({ length }) => length >= 3)) {
    const wanted = term.toLowerCase();
    for (let at = lower.indexOf(wanted); at !== -1; at = lower.indexOf(wanted, at + wanted.length))
      spans.push({ kind: 'term', at, chars: wanted.length });
  }
  return spans;
}

/** Spans that touch or overlap become one, of the kind that begins first. */
function merged(spans: readonly RedactedSpan[]): RedactedSpan[] {
  const result: RedactedSpan[] = [];
  for (const span of spans.toSorted((a, b) => a.at - b.at)) {
    const last = result.at(-1);
    const end = last === undefined ? -1 : last.at + last.chars;
    if (last === undefined || span.at >= end) result.push(span);
    else if (span.at + span.chars > end) result[result.length - 1] = { ...last, chars: span.at + span.chars - last.at };
  }
  return result;
}
