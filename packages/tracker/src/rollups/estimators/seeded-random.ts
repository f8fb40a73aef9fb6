/** Whole numbers from 0 to below `n`, evenly. */
export type Draw = (n: number) => number;

/**
 * A stream of draws that the texts decide: the same texts in the same order give the same stream on every machine.
 * FNV-1a hashes the texts, splitmix32 spreads the hash over the state, xoshiro128** (Blackman & Vigna 2018) draws.
 */
export function seededDraw(texts: readonly string[]): Draw {
  const state = spread(hashOf(texts));
  return (n) => Math.floor((next(state) / 2 ** 32) * n);
}

function hashOf(texts: readonly string[]): number {
  let hash = 0x811c9dc5;
  for (const text of texts) {
    // The length first: ['ab', 'c'] and ['a', 'bc'] are two seeds.
    for (const unit of [text.length, ...Array.from({ length: text.length }, (_, at) => text.charCodeAt(at))]) {
      hash = Math.imul(hash ^ (unit & 0xff), 0x01000193);
      hash = Math.imul(hash ^ (unit >>> 8), 0x01000193);
    }
  }
  return hash >>> 0;
}

function spread(seed: number): Uint32Array {
  let counter = seed;
  return Uint32Array.from({ length: 4 }, () => {
    counter = (counter + 0x9e3779b9) | 0;
    let mixed = Math.imul(counter ^ (counter >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return (mixed ^ (mixed >>> 15)) >>> 0;
  });
}

/** One step of xoshiro128**: a whole number below 2³², and the state moved on. */
export function next(state: Uint32Array): number {
  const [s0 = 0, s1 = 0, s2 = 0, s3 = 0] = state;
  const result = Math.imul(rotate(Math.imul(s1, 5), 7), 9) >>> 0;
  const a = s2 ^ s0;
  const b = s3 ^ s1;
  state.set([s0 ^ b, s1 ^ a, a ^ (s1 << 9), rotate(b, 11)]);
  return result;
}

function rotate(value: number, by: number): number {
  return (value << by) | (value >>> (32 - by));
}
