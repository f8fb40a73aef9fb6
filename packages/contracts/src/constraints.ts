import type { ChangeKind } from './breaking-change.ts';
import { lowerBounds, upperBounds } from './schema-view.ts';
import type { View } from './schema-view.ts';

/** A difference at one place, before anybody asked whether it matters there. */
export interface Difference {
  readonly kind: ChangeKind;
  readonly what: string;
}

type Types = ReadonlySet<string> | undefined;

/** Types that are refused now, or accepted for the first time. */
export function typeChanges(old: View, now: View): Difference[] {
  const narrowed = !covers(now.types, acceptedTypes(old));
  const widened = !covers(old.types, acceptedTypes(now));
  if (!narrowed && !widened) return [];
  const what = `type changed from ${typeText(old.types)} to ${typeText(now.types)}`;
  return [{ kind: narrowed ? 'type-changed' : 'type-widened', what }];
}

/** Values of `enum` and `const` that are refused now or accepted for the first time; a constant is a promise. */
export function valueChanges(old: View, now: View): Difference[] {
  if (!old.values && !now.values) return [];
  const [before, after] = [acceptedValues(old), acceptedValues(now)];
  if (!after) {
    if (old.hasConst) return [{ kind: 'const-loosened', what: 'the constant was removed' }];
    return before
      ? [{ kind: 'value-added', what: `other values than ${[...before].join(', ')} are accepted now` }]
      : [];
  }
  if (!before) return [{ kind: 'tightened', what: `only ${[...after].join(', ')} is accepted now` }];
  const removed = [...before].filter((value) => !after.has(value));
  if (removed.length > 0) return [{ kind: 'value-removed', what: `value ${removed.join(', ')} is refused now` }];
  const added = [...after].filter((value) => !before.has(value));
  if (added.length === 0) return [];
  if (old.hasConst) return [{ kind: 'const-loosened', what: 'the constant became one value of several' }];
  // null comes with its type, and is reported there.
  const words = added.filter((value) => value !== 'null' || !old.types || old.types.has('null'));
  return words.length > 0 ? [{ kind: 'value-added', what: `value ${words.join(', ')} is accepted now` }] : [];
}

/** Limits of numbers, lengths and counts that moved. */
export function boundChanges(old: View, now: View): Difference[] {
  const counts = [...lowerBounds, ...upperBounds].filter((keyword) => !/^(m|exclusiveM)..imum$/.test(keyword));
  return [
    ...numberChanges(old, now, lowest),
    ...numberChanges(old, now, highest),
    ...counts.filter((keyword) => applies(keyword, old, now)).flatMap((keyword) => countChanges(old, now, keyword)),
  ];
}

/** Keywords whose meaning is not compared, only their text: a new one tightens, a lost one loosens. */
export function exactChanges(old: View, now: View): Difference[] {
  const keywords = new Set([...old.exact.keys(), ...now.exact.keys()]);
  return [...keywords].flatMap((keyword): Difference[] => {
    const [before, after] = [old.exact.get(keyword), now.exact.get(keyword)];
    if (before === after || !applies(keyword, old, now)) return [];
    if (before === undefined) return [{ kind: 'tightened', what: `${keyword} ${after ?? ''} was added` }];
    if (after === undefined) return [{ kind: looseKind(keyword), what: `${keyword} ${before} was removed` }];
    return [{ kind: 'unproven', what: `${keyword} changed from ${before} to ${after}` }];
  });
}

/** What an absent value stands for. Saying it for the first time only writes down what was so. */
export function defaultChanges(old: View, now: View): Difference[] {
  if (old.default === undefined || old.default === now.default) return [];
  return [{ kind: 'default-changed', what: `the default changed from ${old.default} to ${now.default ?? 'none'}` }];
}

// Only these are sure to accept more when they go; without `if` a `then` or an `else` loses its meaning.
const looseWhenRemoved = new Set([
  ...['pattern', 'format', 'not', 'uniqueItems', 'multipleOf', 'propertyNames', 'dependentRequired'],
  ...['dependentSchemas', 'unevaluatedProperties', 'unevaluatedItems', 'maxContains'],
]);

function looseKind(keyword: string): ChangeKind {
  return looseWhenRemoved.has(keyword) ? 'loosened' : 'unproven';
}

interface Limit {
  readonly closed: string;
  readonly open: string;
  /** -1 for the upper limit, so that more is always tighter. */
  readonly sign: 1 | -1;
}

const lowest: Limit = { closed: 'minimum', open: 'exclusiveMinimum', sign: 1 };
const highest: Limit = { closed: 'maximum', open: 'exclusiveMaximum', sign: -1 };

/** `minimum` and `exclusiveMinimum` are one limit in two spellings. */
function numberChanges(old: View, now: View, { closed, open, sign }: Limit): Difference[] {
  if (!applies(closed, old, now)) return [];
  const whole = [old, now].every(({ types }) => types !== undefined && types.has('integer') && !types.has('number'));
  const limit = ({ bounds }: View): readonly [at: number, isOpen: boolean] => {
    const [at, beyond] = [closed, open].map((keyword) => sign * (bounds.get(keyword) ?? -sign * Infinity));
    const [inside, outside] = [at ?? -Infinity, beyond ?? -Infinity];
    // Above 0 and from 1 on are the same for integers.
    if (whole) return [Math.max(Math.ceil(inside), Math.floor(outside) + 1), false];
    return outside >= inside && outside > -Infinity ? [outside, true] : [inside, false];
  };
  const [[before, wasOpen], [after, isOpen]] = [limit(old), limit(now)];
  if (before === after && wasOpen === isOpen) return [];
  const tighter = after === before ? isOpen : after > before;
  const text = ({ bounds }: View): string => {
    const set = [closed, open].filter((keyword) => bounds.has(keyword));
    return set.map((keyword) => `${keyword} ${bounds.get(keyword)}`).join(' and ') || `no ${closed}`;
  };
  return [{ kind: tighter ? 'tightened' : 'loosened', what: `${text(old)} became ${text(now)}` }];
}

function countChanges(old: View, now: View, keyword: string): Difference[] {
  const unlimited = keyword.startsWith('max') ? Infinity : 0;
  const [before, after] = [old.bounds.get(keyword) ?? unlimited, now.bounds.get(keyword) ?? unlimited];
  if (before === after) return [];
  const tighter = unlimited === Infinity ? after < before : after > before;
  const text = ({ bounds }: View): string => String(bounds.get(keyword) ?? 'none');
  return [{ kind: tighter ? 'tightened' : 'loosened', what: `${keyword} changed from ${text(old)} to ${text(now)}` }];
}

const typesOfKeyword: Readonly<Record<string, readonly string[]>> = {
  minimum: ['number', 'integer'],
  maximum: ['number', 'integer'],
  multipleOf: ['number', 'integer'],
  minLength: ['string'],
  maxLength: ['string'],
  pattern: ['string'],
  minItems: ['array'],
  maxItems: ['array'],
  uniqueItems: ['array'],
  minProperties: ['object'],
  maxProperties: ['object'],
};

/** Whether a keyword can refuse anything: a limit of lengths means nothing where only numbers are accepted. */
function applies(keyword: string, old: View, now: View): boolean {
  const concerned = typesOfKeyword[keyword];
  return !concerned || [old, now].some(({ types }) => !types || concerned.some((type) => types.has(type)));
}

const everyType: ReadonlySet<string> = new Set(['null', 'boolean', 'number', 'string', 'array', 'object']);

function covers(outer: Types, inner: Types): boolean {
  if (!outer) return true;
  return [...(inner ?? everyType)].every((type) => outer.has(type) || (type === 'integer' && outer.has('number')));
}

/** Declared types, without those no accepted value has; without a declaration, the types of the values. */
function acceptedTypes({ types, values }: View): Types {
  if (!values) return types;
  const used = new Set([...values].map(typeOfValue));
  return types ? new Set([...used].filter((type) => covers(types, new Set([type])))) : used;
}

/** Accepted values, where their number is finite. */
function acceptedValues({ types, values }: View): ReadonlySet<string> | undefined {
  if (values)
    return types ? new Set([...values].filter((value) => covers(types, new Set([typeOfValue(value)])))) : values;
  const few = types && [...types].every((type) => type === 'boolean' || type === 'null');
  return few ? new Set([...types].flatMap((type) => (type === 'null' ? ['null'] : ['false', 'true']))) : undefined;
}

function typeOfValue(text: string): string {
  const value: unknown = JSON.parse(text);
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return Number.isInteger(value) ? 'integer' : typeof value;
}

function typeText(types: Types): string {
  return types ? [...types].join(' or ') : 'any';
}
