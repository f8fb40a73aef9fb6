import { randomInt } from 'node:crypto';

const ALL = 2 ** 32;
/** Odd, so every number comes once before one comes again; near 2^32 by the golden ratio, so neighbours look unlike. */
const STEP = 0x9e3779b1;

/**
 * Gives request ids of 8 hex digits, each once in 2^32. Drawn at random, two of a hundred thousand would be the same more
 * often than not, and whoever looks for one in a log would find another request.
 *
 * @param first where to begin, a whole number below 2^32; by chance, so that two runs have few ids in common, if any
 */
export function requestIds(first: number = randomInt(ALL)): () => string {
  let next = first;
  return () => {
    next = (next + STEP) % ALL;
    return next.toString(16).padStart(8, '0');
  };
}
