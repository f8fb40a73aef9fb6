import type { GlmCount, WindowProvider } from '@ccp/contracts';
import { deltasOf } from './delta.ts';
import { capacityOrder } from './meter-field.ts';
import type { FieldDelta } from './delta.ts';
import { groupBy, timeMs } from './newest.ts';

/** What a window used of a provider. */
export interface Capacity {
  /** In `unit`; null: not known. */
  readonly amount: number | null;
  /** `pp`, `prompts`, or what a newer writer counts in. */
  readonly unit: string;
  /** Meter it was taken from; null: none. Amounts of different meters must not be added. */
  readonly field: string | null;
  /** What is worth knowing about it, as short codes. */
  readonly notes: readonly string[];
}

/** Below, the rounding of two whole percents is as large as the movement. */
export const RESOLUTION_PP = 2;

/**
 * The weekly meter, or the 5 hours where the week is not known or did not move. A week that stands still is below its
 * resolution, not free: the 5 hours tell more, in a unit of their own, which `field` names. Where both stand still the
 * capacity is the 0 of the week.
 */
export function barCapacity(provider: string, deltas: readonly FieldDelta[]): Capacity {
  const known = capacityOrder(provider).flatMap((field) => {
    const found = deltas.find((one) => one.field === field);
    return found?.delta === null || found === undefined ? [] : [{ ...found, delta: found.delta }];
  });
  const [first] = known;
  if (first === undefined) return { amount: null, unit: 'pp', field: null, notes: [] };
  const taken = known.find(({ delta }) => delta > 0) ?? first;
  const notes = [
    ...(taken === first ? [] : [`below-resolution: ${first.field} did not move, capacity from ${taken.field}`]),
    ...(taken.whole && taken.delta < RESOLUTION_PP
      ? [`below-resolution: ${taken.field} moved ${taken.delta} pp, whole percents tell less than ${RESOLUTION_PP}`]
      : []),
    ...(taken.reset_known ? [] : [`reset-unknown: nothing tells whether ${taken.field} was reset in between`]),
  ];
  return { amount: taken.delta, unit: 'pp', field: taken.field, notes };
}

/**
 * Prompts of a window, each row once; the same row twice counts once. A row without a number makes the sum unknown,
 * unless the same source gave a number later.
 */
export function promptCapacity(counts: readonly GlmCount[]): Capacity {
  const rows = [...groupBy(counts, rowName).values()].flatMap(([row]) => (row === undefined ? [] : [row]));
  const known = rows.filter(({ prompts_used: prompts }) => prompts !== null);
  const sum = known.reduce((total, { prompts_used: prompts }) => total + (prompts ?? 0), 0);
  const open = rows.some(
    (row) =>
      row.prompts_used === null &&
      !known.some((one) => one.source === row.source && timeMs(one.captured_at) > timeMs(row.captured_at)),
  );
  if (rows.length === 0) return { amount: null, unit: 'prompts', field: null, notes: [] };
  const notes = open ? [`prompts-unknown: a count has no number, at least ${sum} prompts`] : [];
  return { amount: open ? null : sum, unit: 'prompts', field: 'prompts_used', notes };
}

function rowName({ captured_at: at, prompts_used: prompts, source, notes, raw_text: text }: GlmCount): string {
  return JSON.stringify([timeMs(at), prompts, source, notes, text]);
}

/**
 * The capacity of a row already written. Rows of older writers have none, or deltas that wrapped around at 100, so it is
 * taken from their readings; a delta without its readings can't be told from a wrap and is not known.
 */
export function recordedCapacity(provider: string, entry: WindowProvider): Capacity {
  const unit = entry.capacity_unit ?? 'pp';
  if (entry.capacity !== undefined) {
    return { amount: entry.capacity, unit, field: entry.capacity_field ?? null, notes: [] };
  }
  const { before = null, after = null, captured_at: at = {} } = entry;
  if (before === null || after === null) return { amount: null, unit, field: null, notes: [] };
  const [first, second] = [readMs(at['before']), readMs(at['after'])];
  const inOrder = first !== null && second !== null;
  const ends = [
    { parsed: before, readMs: inOrder ? first : 0 },
    { parsed: after, readMs: inOrder ? second : 0 },
  ] as const;
  return barCapacity(provider, deltasOf(provider, ...ends));
}

function readMs(at: unknown): number | null {
  const ms = typeof at === 'string' ? Date.parse(at) : Number.NaN;
  return Number.isNaN(ms) ? null : ms;
}
