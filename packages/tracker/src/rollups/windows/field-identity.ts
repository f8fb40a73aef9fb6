import { isSameReset, SAME_WINDOW_MS } from '../meters/identity.ts';
import type { MeterField, Parsed } from './meter-field.ts';
import { isSameResetText, readResetText } from './reset-text.ts';

/** One of the two readings of a window. */
export interface End {
  readonly parsed: Parsed;
  /** When it was read, epoch ms. */
  readonly readMs: number;
}

/**
 * Whether both readings are of one window of the meter. `ended`: its reset passed between them, yet both name it, or the
 * second names none. `unknown`: nothing tells them apart, and nothing says they are the same.
 */
export type SameWindow = 'same' | 'changed' | 'ended' | 'unknown';

/** Compares resets to 5 minutes: times where both are known, else as printed. */
export function sameWindow({ field, windowMin, like }: MeterField, before: End, after: End): SameWindow {
  const [first, second] = [resetOf(field, before), resetOf(field, after)];
  if (first === null && second === null && like !== undefined) {
    const neighbour = sameWindow({ field: like, windowMin }, before, after);
    // Another meter's reset is a sign, not a proof.
    return neighbour === 'changed' || neighbour === 'ended' ? 'ended' : 'unknown';
  }
  const [firstMs, secondMs] = [momentOf(first), momentOf(second)];
  if (firstMs !== null && secondMs !== null && !isSameReset(firstMs, secondMs)) return 'changed';
  const same = printedSame(first, before.readMs, second, after.readMs);
  if (same === false) return 'changed';
  // A window of fixed length that held the first reading is over one length later.
  if (windowMin !== null && after.readMs - before.readMs >= windowMin * 60_000) return 'ended';
  if (firstMs !== null && after.readMs > firstMs + SAME_WINDOW_MS) return 'ended';
  return same === true || (firstMs !== null && secondMs !== null) ? 'same' : 'unknown';
}

/** What a reading says about the reset of a field: `weekly_resets_at` or `weekly_resets` beside `weekly_pct`. */
function resetOf(field: string, { parsed }: End): unknown {
  const name = field.replace(/_pct$/, '');
  return parsed[`${name}_resets_at`] ?? parsed[`${name}_resets`] ?? null;
}

/** Epoch ms of an ISO time or epoch seconds; null: anything else. */
function momentOf(reset: unknown): number | null {
  if (typeof reset === 'number') return reset > 1e9 && reset < 1e11 ? reset * 1000 : null;
  if (typeof reset !== 'string' || !/^\d{4}-\d\d-\d\d[Tt ]/.test(reset)) return null;
  const ms = Date.parse(reset);
  return Number.isNaN(ms) ? null : ms;
}

/** True or false as printed; null: one is absent or unreadable. */
function printedSame(first: unknown, firstReadMs: number, second: unknown, secondReadMs: number): boolean | null {
  if (typeof first !== 'string' || typeof second !== 'string') return null;
  if (momentOf(first) !== null || momentOf(second) !== null) return null;
  const [a, b] = [readResetText(first), readResetText(second)];
  if (a !== null && b !== null) return isSameResetText(a, firstReadMs, b, secondReadMs);
  const isOneText = first.trim() !== '' && first.trim() === second.trim();
  return isOneText ? true : null;
}
