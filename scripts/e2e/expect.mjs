// Assertions that say what differs. A case fails with the first of them.
import { isDeepStrictEqual } from 'node:util';

export class Mismatch extends Error {}

export function equal(actual, expected, what) {
  if (!Object.is(actual, expected)) throw new Mismatch(`${what}: ${show(actual)}, expected ${show(expected)}`);
}

export function deepEqual(actual, expected, what) {
  if (!isDeepStrictEqual(actual, expected)) {
    throw new Mismatch(`${what}: ${show(actual)}, expected ${show(expected)}`);
  }
}

export function isTrue(condition, what) {
  if (!condition) throw new Mismatch(what);
}

function show(value) {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 600 ? `${text.slice(0, 600)}…` : text;
}
