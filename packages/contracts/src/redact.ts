import { hasCredential, redactText } from './redact-text.ts';
import type { SpanKind } from './redact-text.ts';

/**
 * What may stay of a value. Each rule lets one type pass; anything else is left out.
 * `name`: a plain word as ids have, else its hash · `hash`: always its hash · `text`: a redacted sentence · `link`: a public
 * web address without query, fragment and credentials · `numbers`: numbers under plain names.
 */
export type Rule =
  | 'number'
  | 'flag'
  | 'time'
  | 'name'
  | 'model'
  | 'hash'
  | 'text'
  | 'link'
  | 'numbers'
  | { readonly words: readonly string[] }
  | { readonly fields: Rules }
  | { readonly listOf: Rule }
  | { readonly mapOf: Rule; readonly keys: 'name' | 'model' };

export type Rules = Readonly<Record<string, Rule>>;

/** What is said about what did not leave. Pointers are JSON pointers (RFC 6901). */
export interface Redaction {
  /** Hash of each text that was shortened or left out: the same text has the same hash, within one installation. */
  readonly hashes: Readonly<Record<string, string>>;
  readonly spans: readonly {
    readonly pointer: string;
    readonly kind: SpanKind;
    readonly at: number;
    readonly chars: number;
  }[];
  /** Values left out because no rule is about them. */
  readonly dropped: number;
}

export interface RedactOptions {
  /** Keyed hash of a text; see {@link hashName}. Without the key nobody can try out words. */
  readonly hash: (text: string) => string;
  /** Names that never leave within a text, such as the user's. */
  readonly terms?: readonly string[];
}

export interface Redacted<T> {
  readonly value: T;
  readonly redaction: Redaction;
}

/** How a hash is written: `h_` and the first 24 hex digits. */
export function hashName(hex: string): string {
  return `h_${hex.slice(0, 24)}`;
}

/** What `rules` let pass of a document. */
export function redact(document: object, rules: Rules, options: RedactOptions): Redacted<Record<string, unknown>> {
  const walk = new Walk(options);
  const value = walk.fields(document, rules, '');
  return { value, redaction: { hashes: walk.hashes, spans: walk.spans, dropped: walk.dropped } };
}

const NOTHING = Symbol('left out');

class Walk {
  readonly hashes: Record<string, string> = {};
  readonly spans: Redaction['spans'][number][] = [];
  dropped = 0;
  readonly #options: RedactOptions;

  constructor(options: RedactOptions) {
    this.#options = options;
  }

  fields(document: object, rules: Rules, pointer: string): Record<string, unknown> {
    const kept: [string, unknown][] = [];
    for (const [key, value] of Object.entries(document)) {
      const rule = Object.hasOwn(rules, key) ? rules[key] : undefined;
      // Its name may say as much as its value.
      const result = rule === undefined ? this.#drop(value) : this.#value(value, rule, `${pointer}/${key}`);
      if (result !== NOTHING) kept.push([key, result]);
    }
    return Object.fromEntries(kept);
  }

  #value(value: unknown, rule: Rule, pointer: string): unknown {
    if (value === null) return null;
    if (typeof rule === 'object') return this.#inner(value, rule, pointer);
    if (rule === 'numbers') return isMap(value) ? this.#numbers(value, pointer) : this.#drop(value);
    if (rule === 'number') return typeof value === 'number' && Number.isFinite(value) ? value : this.#drop(value);
    if (rule === 'flag') return typeof value === 'boolean' ? value : this.#drop(value);
    return typeof value === 'string' ? this.#string(value, rule, pointer) : this.#drop(value);
  }

  #inner(value: unknown, rule: Exclude<Rule, string>, pointer: string): unknown {
    if ('words' in rule) {
      if (typeof value !== 'string') return this.#drop(value);
      return rule.words.includes(value) ? value : 'other';
    }
    if ('listOf' in rule) {
      if (!Array.isArray(value)) return this.#drop(value);
      return value
        .map((item: unknown, index) => this.#value(item, rule.listOf, `${pointer}/${index}`))
        .filter((item) => item !== NOTHING);
    }
    if (!isMap(value)) return this.#drop(value);
    if ('fields' in rule) return this.fields(value, rule.fields, pointer);
    const entries = Object.entries(value).map(([key, item], index) => {
      const name = this.#word(key, rule.keys);
      return [name, this.#value(item, rule.mapOf, `${pointer}/${index}`)] as const;
    });
    return Object.fromEntries(entries.filter(([, item]) => item !== NOTHING));
  }

  #string(value: string, rule: Extract<Rule, string>, pointer: string): unknown {
    switch (rule) {
      case 'time':
        return canonicalTime(value) ?? this.#drop(value);
      case 'name':
      case 'model':
        return this.#word(value, rule);
      case 'hash':
        // A receiver that applies the rules again changes nothing.
        return value === '' || HASH.test(value) ? value : this.#options.hash(value);
      case 'link':
        return publicLink(value) ?? this.#hashed(value, pointer);
      default: {
        const { text, spans } = redactText(value, this.#options.terms);
        for (const span of spans) this.spans.push({ pointer, ...span });
        if (spans.length > 0) this.hashes[pointer] = this.#options.hash(value);
        return text;
      }
    }
  }

  #word(value: string, rule: 'name' | 'model'): string {
    if (value === '' || isPlainName(value) || (rule === 'model' && isModelOfVendor(value))) return value;
    return this.#options.hash(value);
  }

  #numbers(value: object, pointer: string): Record<string, unknown> {
    const kept = Object.entries(value).flatMap(([key, item]: [string, unknown]): [string, unknown][] => {
      const passes = item === null || typeof item === 'boolean' || (typeof item === 'number' && Number.isFinite(item));
      if (passes && isPlainName(key)) return [[key, item]];
      if (Array.isArray(item) && isPlainName(key))
        return [[key, item.filter((one) => one === null || (typeof one === 'number' && Number.isFinite(one)))]];
      if (isMap(item) && isPlainName(key)) return [[key, this.#numbers(item, `${pointer}/${key}`)]];
      this.#drop(item);
      return [];
    });
    return Object.fromEntries(kept);
  }

  #hashed(value: string, pointer: string): typeof NOTHING {
    this.hashes[pointer] = this.#options.hash(value);
    return NOTHING;
  }

  #drop(value: unknown): typeof NOTHING {
    if (value !== undefined) this.dropped += 1;
    return NOTHING;
  }
}

function isMap(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const HASH = /^h_[0-9a-f]{24}$/;
/** As the shim's request id and the millisecond a turn ended in. */
const TURN_KEY = /^[0-9a-f]{1,16}@\d{10,16}$/;
const PLAIN_NAME = /^[A-Za-z0-9][A-Za-z0-9._:+-]{0,127}$/;
const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/gi;
/** Models that a relay names with their vendor; any other name with a slash could be a path. */
const OF_VENDOR =
  /^(?:anthropic|openai|google|z-ai|zai|zai-org|deepseek|qwen|mistralai|meta-llama|x-ai|moonshotai|minimax)\/[a-z0-9][a-z0-9.:-]{0,60}$/;

/** Verdicts on words: models, lanes and sessions come again and again. */
const verdicts = new Map<string, boolean>();
const MOST_VERDICTS = 4_096;

/** Whether a text may leave as it is where an id is expected. */
export function isPlainName(value: string): boolean {
  const known = verdicts.get(value);
  if (known !== undefined) return known;
  const verdict = isPlain(value);
  // Long texts would fill the memory, and are no names.
  if (value.length <= 128) {
    if (verdicts.size >= MOST_VERDICTS) verdicts.clear();
    verdicts.set(value, verdict);
  }
  return verdict;
}

function isPlain(value: string): boolean {
  if (HASH.test(value) || TURN_KEY.test(value)) return true;
  if (!PLAIN_NAME.test(value) || /^[A-Za-z]:$/.test(value)) return false;
  // A hyphenated id is no credential for being long.
  return !hasCredential(value.length < 36 ? value : value.replaceAll(UUID, '0'));
}

function isModelOfVendor(value: string): boolean {
  const [, model = ''] = value.split('/');
  return OF_VENDOR.test(value) && isPlainName(model);
}

/** An ISO 8601 time, written anew: nothing of the text itself is kept. Null: it is none. */
export function canonicalTime(value: string): string | null {
  if (!/^\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:?\d\d)$/i.test(value)) return null;
  const ms = Date.parse(value);
  return Number.isNaN(ms) ? null : new Date(ms).toISOString();
}

/** Scheme, host and path of a web address that anyone could open; null: of none such. */
function publicLink(value: string): string | null {
  if (!URL.canParse(value)) return null;
  const { protocol, hostname, host, pathname } = new URL(value);
  if (protocol !== 'https:' && protocol !== 'http:') return null;
  // A host without a dot, or a number, is of somebody's own network.
  const isPublic =
    /^[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}$/i.test(hostname) && !/\.(?:local|internal|lan|home)$/i.test(hostname);
  const segments = pathname.split('/').filter((segment) => segment !== '');
  if (!isPublic || !segments.every(isPlainName)) return null;
  return `${protocol}//${host}${segments.map((segment) => `/${segment}`).join('')}`;
}
