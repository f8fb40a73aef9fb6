import type { Problem } from '../../problem.ts';
import { unusableText, MAX_DOCUMENT_CHARS } from './input.ts';
import type { Sight } from './pane.ts';
import { vendorTime } from './vendor-time.ts';

/** An object of a document whose fields are not known to be what they should be. */
export type Fields = Readonly<Record<string, unknown>>;

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The object in a field, or an empty one. */
export function fieldsAt(value: unknown, key: string): Fields {
  const inner = isFields(value) ? value[key] : undefined;
  return isFields(inner) ? inner : {};
}

/** The objects in a list, or none. */
export function listAt(value: unknown, key: string): readonly Fields[] {
  const inner = isFields(value) ? value[key] : undefined;
  return Array.isArray(inner) ? inner.filter(isFields) : [];
}

export function textAt(fields: Fields, key: string): string | null {
  const value = fields[key];
  return typeof value === 'string' && value !== '' ? value : null;
}

/** A count or an amount: a number that is not negative, also as digits in a text; else null. */
export function amountAt(fields: Fields, key: string): number | null {
  const value = fields[key];
  const amount = typeof value === 'string' && /^\d{1,15}(?:\.\d{1,9})?$/.test(value) ? Number(value) : value;
  return typeof amount === 'number' && Number.isFinite(amount) && amount >= 0 ? amount : null;
}

/** What the number in a field of shares says. Set by the field's name, never guessed from its size. */
export type ShareUnit = 'percent-used' | 'percent-left' | 'fraction-used';

// Vendors count on above the limit (105 was seen). Ten times the limit is another unit.
const MOST_PP = 1000;

/** A field as percentage points used. Null and absent are null; anything that is no such share is a problem and null. */
export function sharePp(sight: Sight, value: unknown, unit: ShareUnit, meter: string): number | null {
  if (value === null || value === undefined) return null;
  const usedPp = typeof value === 'number' ? toUsedPp(value, unit) : NaN;
  if (usedPp >= 0 && usedPp <= MOST_PP) return usedPp;
  const shown = typeof value === 'number' ? String(value) : `a ${Array.isArray(value) ? 'list' : typeof value}`;
  sight.note({ code: 'percent-out-of-range', message: `${meter}: ${shown} is no share (${unit}); it is not used` });
  return null;
}

function toUsedPp(value: number, unit: ShareUnit): number {
  if (unit === 'percent-used') return Math.abs(value) === 0 ? 0 : value;
  // Without the dust of binary fractions.
  return Number((unit === 'percent-left' ? 100 - value : value * 100).toPrecision(12));
}

/** A field as ISO 8601 UTC; null with a problem where something is there that is no time. */
export function resetField(sight: Sight, value: unknown, meter: string): string | null {
  const time = vendorTime(value);
  if (time.kind === 'at') return time.iso;
  if (time.kind === 'unreadable') {
    const message = `${meter}: its reset is no time (epoch s, epoch ms, or ISO 8601 with an offset)`;
    sight.note({ code: 'reset-unreadable', message });
  }
  return null;
}

/** The whole text as one JSON value; undefined with a problem noted. */
export function documentOf(sight: Sight, text: string): unknown {
  const unusable = unusableText(text, MAX_DOCUMENT_CHARS);
  if (unusable !== null) {
    sight.note(unusable);
    sight.error('invalid-json');
    return undefined;
  }
  const value = jsonOf(text);
  if (value === undefined) sight.note(NOT_JSON);
  return value;
}

const NOT_JSON: Problem = {
  code: 'invalid-json',
  message: 'the text is not JSON',
  remedy: 'Give the output unchanged',
};

/** Undefined: not JSON. */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch {
    return undefined;
  }
}
