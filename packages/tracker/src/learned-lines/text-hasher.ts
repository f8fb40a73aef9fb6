import { BLOCK_BYTES, newKernel } from './kernel.ts';

/** Two numbers of 32 bits that make the hashes of one process, or one file, others than those of another. */
export type Seeds = readonly [high: number, low: number];

/** Hashes texts that no scan has read, to the very numbers a scan with the same seeds gives. */
export interface TextHasher {
  /** XXH64 of the text in UTF-8; `high` and `low` have it until the next one. */
  hash(text: string): void;
  readonly high: number;
  readonly low: number;
}

/** Longer texts are hashed by parts, the hash of one as seed of the next; no line that is scanned is as long. */
const PART_BYTES = BLOCK_BYTES;
const RESULT = 1024;
const PART = 2048;
/** A half of a pair of surrogates, without its other half: UTF-8 has no bytes for it. */
const HALF_PAIR = /\p{Surrogate}/u;
/** Of so many characters each may need three bytes. */
const MOST_CHARACTERS = Math.floor(PART_BYTES / 3);

export function textHasher([seedHigh, seedLow]: Seeds): TextHasher {
  const { kernel, memory } = newKernel(PART + PART_BYTES);
  const bytes = Buffer.from(memory);
  const words = new Uint32Array(memory);
  kernel.setUp(0, seedHigh, seedLow);

  const hashParts = (all: Buffer): void => {
    for (let from = 0; from < all.length; from += PART_BYTES) {
      const length = all.copy(bytes, PART, from, Math.min(from + PART_BYTES, all.length));
      if (from > 0) kernel.setUp(0, words[RESULT / 4 + 1] ?? 0, words[RESULT / 4] ?? 0);
      kernel.hashTo(PART, length, RESULT);
    }
    kernel.setUp(0, seedHigh, seedLow);
  };
  return {
    hash(text) {
      if (text.length > MOST_CHARACTERS) return hashParts(bytesOf(text));
      const length = bytes.write(text, PART);
      if (length !== text.length && HALF_PAIR.test(text)) return hashParts(bytesOf(text));
      kernel.hashTo(PART, length, RESULT);
    },
    get high() {
      return words[RESULT / 4 + 1] ?? 0;
    },
    get low() {
      return words[RESULT / 4] ?? 0;
    },
  };
}

/** What is not UTF-8 is marked by a byte that UTF-8 has nowhere. */
function bytesOf(text: string): Buffer {
  return HALF_PAIR.test(text) ? Buffer.concat([Buffer.of(0xff), Buffer.from(text, 'utf16le')]) : Buffer.from(text);
}
