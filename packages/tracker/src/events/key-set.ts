import { getRandomValues } from 'node:crypto';

/** A set of keys that only tells whether one is in it. */
export interface KeySet {
  readonly size: number;
  has(key: string): boolean;
  /** False: it was in it already. */
  add(key: string): boolean;
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

  return {
    get size() {
      return size;
    },
    has(key) {
      hash(key);
      const slot = slotOf(hashHigh, hashLow);
      return slots[slot] !== 0 || slots[slot + 1] !== 0;
    },
    add(key) {
      hash(key);
      const slot = slotOf(hashHigh, hashLow);
      if (slots[slot] !== 0 || slots[slot + 1] !== 0) return false;
      slots[slot] = hashHigh;
      slots[slot + 1] = hashLow;
      size += 1;
      if (size * 3 > slots.length) grow();
      return true;
    },
    clear() {
      slots = new Uint32Array(2 * FIRST_CAPACITY);
      size = 0;
    },
  };
}

// Of this process only: nobody can choose keys that look alike.
const SEEDS = getRandomValues(new Uint32Array(2));
let hashHigh = 0;
let hashLow = 0;

/**
 * Two lanes of MurmurHash3 (A. Appleby, public domain) over UTF-16 code units, each with the multipliers of another
 * variant and a seed of its own. Leaves its result in two variables: an object for each of a million keys would cost
 * more than the hash.
 */
function hash(key: string): void {
  let [high = 0, low = 0] = SEEDS;
  for (let at = 0; at < key.length; at += 1) {
    const unit = key.charCodeAt(at);
    high = Math.imul(rotated(high ^ scrambled(unit, 0xcc9e2d51, 0x1b873593), 13), 5) + 0xe6546b64;
    low = Math.imul(rotated(low ^ scrambled(unit, 0x239b961b, 0xab0e9789), 19), 5) + 0x561ccd1b;
  }
  high = mixed(high ^ key.length);
  low = mixed(low ^ key.length ^ high);
  hashHigh = high;
  // Both zero marks an empty slot.
  hashLow = high === 0 && low === 0 ? 1 : low;
}

function scrambled(unit: number, first: number, second: number): number {
  return Math.imul(rotated(Math.imul(unit + 1, first), 15), second);
}

function rotated(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}

function mixed(value: number): number {
  let mix = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  mix = Math.imul(mix ^ (mix >>> 13), 0xc2b2ae35);
  return (mix ^ (mix >>> 16)) >>> 0;
}
