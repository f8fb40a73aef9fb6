import type { Seeds } from './learned-lines/text-hasher.ts';

/** Where {@link hashText} leaves its result: an object for each of a million texts would cost more than the hash. */
export const hashed = { high: 0, low: 0 };

/**
 * Two lanes of MurmurHash3 (A. Appleby, public domain) over UTF-16 code units, each with the multipliers of another
 * variant and a seed of its own. Never zero in both: that marks an empty slot in a table.
 */
export function hashText(text: string, [first, second]: Seeds): void {
  let high = first | 0;
  let low = second | 0;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    high = (Math.imul(rotated(high ^ scrambled(unit, 0xcc9e2d51, 0x1b873593), 13), 5) + 0xe6546b64) | 0;
    low = (Math.imul(rotated(low ^ scrambled(unit, 0x239b961b, 0xab0e9789), 19), 5) + 0x561ccd1b) | 0;
  }
  finish(high, low, text.length);
}

/** The hash of the text whose characters, all of them ASCII, are the bytes from one on to the end. */
export function hashAscii(bytes: Uint8Array, from: number, [first, second]: Seeds): void {
  let high = first | 0;
  let low = second | 0;
  for (let at = from; at < bytes.length; at += 1) {
    const unit = bytes[at] ?? 0;
    high = (Math.imul(rotated(high ^ scrambled(unit, 0xcc9e2d51, 0x1b873593), 13), 5) + 0xe6546b64) | 0;
    low = (Math.imul(rotated(low ^ scrambled(unit, 0x239b961b, 0xab0e9789), 19), 5) + 0x561ccd1b) | 0;
  }
  finish(high, low, bytes.length - from);
}

function finish(high: number, low: number, length: number): void {
  const last = mixed(high ^ length);
  hashed.high = last;
  hashed.low = mixed(low ^ length ^ last);
  if (hashed.high === 0 && hashed.low === 0) hashed.low = 1;
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
