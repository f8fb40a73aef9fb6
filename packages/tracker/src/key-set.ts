import { getRandomValues } from 'node:crypto';
import { hashed, hashText } from './text-hash.ts';
import type { Seeds } from './learned-lines/text-hasher.ts';

/** A set of keys that only tells whether one is in it. */
export interface KeySet {
  readonly size: number;
  has(key: string): boolean;
  /** False: it was in it already. */
  add(key: string): boolean;
  /** The same of the key that was hashed last, by {@link hashKey} or with {@link KEY_SEEDS}. */
  hasHashed(): boolean;
  addHashed(): boolean;
  clear(): void;
}

const FIRST_CAPACITY = 1024;

/**
 * Keeps 64 bits of each key in one typed array: 8 bytes per slot, at most two thirds of the slots in use, so a million
 * keys take 16 MiB where a set of texts takes about 100. Two of a million keys look alike once in 37 million sets.
 */
export function keySet(): KeySet {
  let slots = new Uint32Array(2 * FIRST_CAPACITY);
  let size = 0;

  /** Index of the key or of the empty slot where it belongs. */
  const slotOf = (high: number, low: number): number => {
    const mask = slots.length / 2 - 1;
    for (let at = low & mask; ; at = (at + 1) & mask) {
      const [theirHigh, theirLow] = [slots[2 * at], slots[2 * at + 1]];
      if ((theirHigh === high && theirLow === low) || (theirHigh === 0 && theirLow === 0)) return 2 * at;
    }
  };
  const grow = (): void => {
    const old = slots;
    slots = new Uint32Array(2 * old.length);
    for (let at = 0; at < old.length; at += 2) {
      const [high = 0, low = 0] = [old[at], old[at + 1]];
      if (high === 0 && low === 0) continue;
      const slot = slotOf(high, low);
      slots[slot] = high;
      slots[slot + 1] = low;
    }
  };

  const hasHashed = (): boolean => {
    const slot = slotOf(hashed.high, hashed.low);
    return slots[slot] !== 0 || slots[slot + 1] !== 0;
  };
  const addHashed = (): boolean => {
    const { high, low } = hashed;
    const slot = slotOf(high, low);
    if (slots[slot] !== 0 || slots[slot + 1] !== 0) return false;
    slots[slot] = high;
    slots[slot + 1] = low;
    size += 1;
    if (size * 3 > slots.length) grow();
    return true;
  };

  return {
    get size() {
      return size;
    },
    has(key) {
      hashKey(key);
      return hasHashed();
    },
    add(key) {
      hashKey(key);
      return addHashed();
    },
    hasHashed,
    addHashed,
    clear() {
      slots = new Uint32Array(2 * FIRST_CAPACITY);
      size = 0;
    },
  };
}

/** Hashes a key once for several sets. */
export function hashKey(key: string): void {
  hashText(key, KEY_SEEDS);
}

// Of this process only: nobody can choose keys that look alike.
const [FIRST = 0, SECOND = 0] = getRandomValues(new Uint32Array(2));
/** Whoever hashes a key without its text takes these. */
export const KEY_SEEDS: Seeds = [FIRST, SECOND];
