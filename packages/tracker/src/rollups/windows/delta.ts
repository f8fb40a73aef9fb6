import { isExpired } from './expired.ts';
import { sameWindow } from './field-identity.ts';
import type { End } from './field-identity.ts';
import { fieldsOf } from './meter-field.ts';
import type { MeterField } from './meter-field.ts';

/** How far one meter moved between the two readings of a window. */
export interface FieldDelta {
  readonly field: string;
  /** Percentage points, 0 to 100; null: not known, `why` says it. Never a wrap. */
  readonly delta: number | null;
  /** Where only that is known: at least so many percentage points were used; else null. */
  readonly at_least: number | null;
  readonly why: DeltaState;
  readonly before: number | null;
  readonly after: number | null;
  /** Both readings are whole numbers: each is off by up to half a point, a difference by up to one. */
  readonly whole: boolean;
  /** Both readings name the same reset; false: at least one names none. */
  readonly reset_known: boolean;
}

export type DeltaState =
  | 'known'
  /** One of the readings has no number. */
  | 'missing'
  /** A number that no bar shows. */
  | 'percent-out-of-range'
  /** It fell, and its window is the same as far as can be told. */
  | 'negative-delta'
  /** The readings are of two windows: what was used up to the reset was not read. */
  | 'crosses-reset'
  /** The first reading was of a window that was over when it was read. */
  | 'window-expired'
  /** The second reading is older than the first. */
  | 'clock-skew';

/** Every meter of a provider, before to after. */
export function deltasOf(provider: string, before: End, after: End): readonly FieldDelta[] {
  return fieldsOf(provider, before.parsed, after.parsed).map((field) => deltaOf(field, before, after));
}

function deltaOf(meter: MeterField, before: End, after: End): FieldDelta {
  const [first, second] = [before.parsed[meter.field], after.parsed[meter.field]];
  const [from, to] = [numberOf(first), numberOf(second)];
  const known = { field: meter.field, before: from, after: to };
  const unknown = { ...known, delta: null, at_least: null, whole: false, reset_known: false };
  if (from === null || to === null) return { ...unknown, why: 'missing' };
  if (!isShare(from) || !isShare(to)) return { ...unknown, why: 'percent-out-of-range' };
  if (after.readMs < before.readMs) return { ...unknown, why: 'clock-skew' };
  const moved = tidy(to - from);
  // The first number is of a window before; what the running one had used is not known.
  if (isExpired(meter.field, before.parsed)) return { ...unknown, why: 'window-expired' };
  // The second number is where the old window ended; what the new one has used since comes on top.
  if (isExpired(meter.field, after.parsed))
    return { ...unknown, at_least: moved < 0 ? null : moved, why: 'crosses-reset' };
  const identity = sameWindow(meter, before, after);
  if (identity === 'changed') return { ...unknown, at_least: to, why: 'crosses-reset' };
  if (identity === 'ended') {
    // Either the bar still shows the old window, or it shows the new one: the lesser of both is certain.
    return { ...unknown, at_least: moved < 0 ? to : moved, why: 'crosses-reset' };
  }
  if (moved < 0) return { ...unknown, why: 'negative-delta' };
  if (moved > 100) return { ...unknown, why: 'percent-out-of-range' };
  const whole = Number.isInteger(from) && Number.isInteger(to);
  return { ...known, delta: moved, at_least: null, why: 'known', whole, reset_known: identity === 'same' };
}

function numberOf(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

/** Bars of 105 have been seen. */
function isShare(value: number): boolean {
  return value >= 0 && value <= 1000;
}

function tidy(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}
