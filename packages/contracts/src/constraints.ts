import type { ChangeKind } from './breaking-change.ts';
import { lowerBounds, upperBounds } from './schema-view.ts';
import type { View } from './schema-view.ts';

/** A difference at one place, before anybody asked whether it matters there. */
export interface Difference {
  readonly kind: ChangeKind;
  readonly what: string;
}

/** Types that are refused now, or accepted for the first time. */
export function typeChanges(old: View, now: View): Difference[] {
  const narrowed = !covers(now.types, old.types);
  const widened = !covers(old.types, now.types);
  if (!narrowed && !widened) return [];
  const what = `type changed from ${typeText(old.types)} to ${typeText(now.types)}`;
  return [{ kind: narrowed ? 'type-changed' : 'type-widened', what }];
}

/** Values of `enum` and `const` that are refused now. More values only add; a constant is a promise. */
export function valueChanges(old: View, now: View): Difference[] {
  if (!now.values) return old.hasConst ? [{ kind: 'const-loosened', what: 'the constant was removed' }] : [];
  if (!old.values) return [{ kind: 'tightened', what: `only ${[...now.values].join(', ')} is accepted now` }];
  const removed = [...old.values].filter((value) => !now.values?.has(value));
  if (removed.length > 0) return [{ kind: 'value-removed', what: `value ${removed.join(', ')} is refused now` }];
  if (!old.hasConst || now.values.size === 1) return [];
  return [{ kind: 'const-loosened', what: 'the constant became one value of several' }];
}

/** Limits of numbers, lengths and counts that moved. */
export function boundChanges(old: View, now: View): Difference[] {
  return [...lowerBounds, ...upperBounds].flatMap((keyword) => {
    const unlimited = (upperBounds as readonly string[]).includes(keyword) ? Infinity : lowest(keyword);
    const [before, after] = [old.bounds.get(keyword) ?? unlimited, now.bounds.get(keyword) ?? unlimited];
    if (before === after) return [];
    const tighter = unlimited === Infinity ? after < before : after > before;
    const what = `${keyword} changed from ${boundText(old, keyword)} to ${boundText(now, keyword)}`;
    return [{ kind: tighter ? 'tightened' : 'loosened', what } as const];
  });
}

/** Keywords whose meaning is not compared, only their text: a new one tightens, a lost one loosens. */
export function exactChanges(old: View, now: View): Difference[] {
  const keywords = new Set([...old.exact.keys(), ...now.exact.keys()]);
  return [...keywords].flatMap((keyword): Difference[] => {
    const [before, after] = [old.exact.get(keyword), now.exact.get(keyword)];
    if (before === after) return [];
    if (before === undefined) return [{ kind: 'tightened', what: `${keyword} ${after ?? ''} was added` }];
    if (after === undefined) return [{ kind: looseKind(keyword), what: `${keyword} ${before} was removed` }];
    return [{ kind: 'unproven', what: `${keyword} changed from ${before} to ${after}` }];
  });
}

// Only these are sure to accept more when they go; without `if` a `then` or an `else` loses its meaning.
function looseKind(keyword: string): ChangeKind {
  return ['pattern', 'format', 'not', 'uniqueItems', 'multipleOf'].includes(keyword) ? 'loosened' : 'unproven';
}

function covers(outer: ReadonlySet<string> | undefined, inner: ReadonlySet<string> | undefined): boolean {
  if (!outer) return true;
  if (!inner) return false;
  return [...inner].every((type) => outer.has(type) || (type === 'integer' && outer.has('number')));
}

function typeText(types: ReadonlySet<string> | undefined): string {
  return types ? [...types].join(' or ') : 'any';
}

function lowest(keyword: string): number {
  return keyword.endsWith('inimum') ? -Infinity : 0;
}

function boundText({ bounds }: View, keyword: string): string {
  return String(bounds.get(keyword) ?? 'none');
}
