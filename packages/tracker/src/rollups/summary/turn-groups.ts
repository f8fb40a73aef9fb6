import type { PackedTurns } from './packed-turns.ts';
import { HASH_WORD, NUMBER_AT } from './packed-turns.ts';
import { classOf } from './token-buckets.ts';

/** Sums of turns of one day and model that are priced alike. */
export interface TurnGroup {
  readonly day: string;
  readonly model: string;
  /** As `classOf` has it. */
  readonly key: number;
  readonly turns: number;
  /** Input, output, written to the cache, for an hour, read from it. */
  readonly sums: readonly number[];
}

/** Adds up packed turns by day, model and class, so that what is looked up by text is looked up once for many of them. */
export interface TurnGroups {
  /** False: a number is too large for sums that have to be exact, or there are too many groups. */
  add(turns: PackedTurns, row: number): boolean;
  /** What was added since the last time. Needs the turns to be in memory still. */
  take(turns: PackedTurns): TurnGroup[];
}

const MOST_GROUPS = 256;
const SLOTS = 2 * MOST_GROUPS;
/** A group has no more rows than fit in memory at once, so a sum of these stays below 2^53. */
const MOST_TOKENS = 2 ** 38;
const QUARTER_S = 900;
const SUMS = 5;

export function turnGroups(dayOf: (time: { readonly ts: number | null }) => string): TurnGroups {
  /** The number of a group and one more; 0: none. */
  const slots = new Uint16Array(SLOTS);
  /** Hash of the model, its class, index of its day, word of a model's cell, slot. */
  const high = new Uint32Array(MOST_GROUPS);
  const low = new Uint32Array(MOST_GROUPS);
  const keys = new Uint16Array(MOST_GROUPS);
  const dayAt = new Uint16Array(MOST_GROUPS);
  const modelCell = new Uint32Array(MOST_GROUPS);
  const slotAt = new Uint16Array(MOST_GROUPS);
  const turnsOf = new Uint32Array(MOST_GROUPS);
  const sums = new Float64Array(MOST_GROUPS * SUMS);
  let count = 0;
  /** Days by their index, and the index by day. */
  const days: string[] = [];
  const indexOf = new Map<string, number>();
  let quarterFrom = Infinity;
  let day = 0;
  const tokens = { input: 0, output: 0, cacheWrite: 0, cacheWrite1h: 0, cacheRead: 0 };

  const moveTo = (text: string): void => {
    day = indexOf.get(text) ?? days.push(text) - 1;
    indexOf.set(text, day);
  };
  /** A quarter of an hour lies in one day (see `timeKey`), and turns that follow each other are near in time. */
  const seeTime = (ts: number): void => {
    if (ts >= quarterFrom && ts < quarterFrom + QUARTER_S) return;
    const text = dayOf({ ts });
    quarterFrom = Math.floor(ts / QUARTER_S) * QUARTER_S;
    if (days[day] !== text) moveTo(text);
  };
  const groupOf = (at: number, words: Uint32Array, key: number): number => {
    const modelLow = words[at + HASH_WORD] ?? 0;
    const modelHigh = words[at + HASH_WORD + 1] ?? 0;
    let slot = (modelLow ^ Math.imul(key, 0x9e3779b1) ^ Math.imul(day + 1, 0x85ebca6b)) & (SLOTS - 1);
    for (; ; slot = (slot + 1) & (SLOTS - 1)) {
      const group = (slots[slot] ?? 0) - 1;
      if (group === -1) break;
      if (low[group] === modelLow && high[group] === modelHigh && keys[group] === key && dayAt[group] === day)
        return group;
    }
    if (count === MOST_GROUPS) return -1;
    slots[slot] = count + 1;
    slotAt[count] = slot;
    low[count] = modelLow;
    high[count] = modelHigh;
    keys[count] = key;
    dayAt[count] = day;
    modelCell[count] = at;
    turnsOf[count] = 0;
    sums.fill(0, count * SUMS, (count + 1) * SUMS);
    count += 1;
    return count - 1;
  };
  return {
    add({ words, numbers, first, stride, cells }, row) {
      const at = first + row * stride;
      const from = at / 2 + NUMBER_AT;
      tokens.input = numbers[from + cells.input / 2] ?? 0;
      tokens.output = numbers[from + cells.output / 2] ?? 0;
      tokens.cacheWrite = numbers[from + cells.cacheWrite / 2] ?? 0;
      tokens.cacheWrite1h = numbers[from + cells.cacheWrite1h / 2] ?? 0;
      tokens.cacheRead = numbers[from + cells.cacheRead / 2] ?? 0;
      const { input, output, cacheWrite, cacheWrite1h, cacheRead } = tokens;
      if (!(Math.max(input, output, cacheWrite, cacheWrite1h, cacheRead) <= MOST_TOKENS)) return false;
      seeTime(numbers[from + cells.ts / 2] ?? 0);
      const group = groupOf(at + cells.model, words, classOf(tokens));
      if (group === -1) return false;
      turnsOf[group] = (turnsOf[group] ?? 0) + 1;
      const sum = group * SUMS;
      sums[sum] = (sums[sum] ?? 0) + input;
      sums[sum + 1] = (sums[sum + 1] ?? 0) + output;
      sums[sum + 2] = (sums[sum + 2] ?? 0) + cacheWrite;
      sums[sum + 3] = (sums[sum + 3] ?? 0) + cacheWrite1h;
      sums[sum + 4] = (sums[sum + 4] ?? 0) + cacheRead;
      return true;
    },
    take(turns) {
      const groups: TurnGroup[] = [];
      for (let group = 0; group < count; group += 1) {
        groups.push({
          day: days[dayAt[group] ?? 0] ?? '',
          model: turns.textAt(modelCell[group] ?? 0),
          key: keys[group] ?? 0,
          turns: turnsOf[group] ?? 0,
          sums: [...sums.subarray(group * SUMS, (group + 1) * SUMS)],
        });
        slots[slotAt[group] ?? 0] = 0;
      }
      count = 0;
      // Only the day that may go on.
      const last = days[day];
      days.length = 0;
      indexOf.clear();
      if (last !== undefined) moveTo(last);
      return groups;
    },
  };
}
