import { sumFrom } from './exact-sum.ts';
import type { ExactSum, Sum } from './exact-sum.ts';
import { compare, ownText } from './token-buckets.ts';

/** Counts and exact sums by name. */
export interface Tally {
  add(name: string, value: number, sign: 1 | -1): void;
  /** Adds a 1 so many times. */
  addOnes(name: string, times: number): void;
  count(name: string): number;
  /** Null: nothing was added under this name. */
  sum(name: string): number | null;
  mean(name: string): number | null;
  /** Names something stands under, in order. */
  names(): readonly string[];
  toJSON(): KeptTally;
}

export type KeptTally = readonly (readonly [name: string, count: number, sum: ExactSum])[];

export function tallyFrom(kept: KeptTally = []): Tally {
  const entries = new Map<string, { count: number; readonly sum: Sum }>(
    kept.map(([name, count, sum]) => [name, { count, sum: sumFrom(sum) }]),
  );
  const standing = (name: string): { readonly count: number; readonly sum: Sum } | null => {
    const entry = entries.get(name);
    return entry === undefined || entry.count === 0 ? null : entry;
  };
  const entryOf = (name: string): { count: number; readonly sum: Sum } => {
    let entry = entries.get(name);
    if (entry === undefined) entries.set(ownText(name), (entry = { count: 0, sum: sumFrom() }));
    return entry;
  };
  return {
    add(name, value, sign) {
      const entry = entryOf(name);
      entry.count += sign;
      entry.sum.add(value, sign);
    },
    addOnes(name, times) {
      const entry = entryOf(name);
      entry.count += times;
      entry.sum.add(times);
    },
    count: (name) => entries.get(name)?.count ?? 0,
    sum: (name) => standing(name)?.sum.value() ?? null,
    mean(name) {
      const entry = standing(name);
      return entry === null ? null : entry.sum.value() / entry.count;
    },
    names: () => [...entries].flatMap(([name, { count }]) => (count === 0 ? [] : [name])).toSorted(compare),
    toJSON: () =>
      [...entries].flatMap(([name, { count, sum }]) => (count === 0 ? [] : [[name, count, sum.toJSON()] as const])),
  };
}
