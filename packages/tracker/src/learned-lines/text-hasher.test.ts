import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { lineScanner } from './line-scanner.ts';
import { textHasher } from './text-hasher.ts';
import type { Seeds } from './text-hasher.ts';

function hashOf(text: string, seeds: Seeds): string {
  const hasher = textHasher(seeds);
  hasher.hash(text);
  return [hasher.high, hasher.low].map((word) => word.toString(16).padStart(8, '0')).join('');
}

/** A seed the reference implementation tests itself with. */
const PRIME: Seeds = [0, 2_654_435_761];

test.each([
  ['', [0, 0], 'ef46db3751d8e999'],
  ['', PRIME, 'ac75fda2929b17ef'],
  ['a', [0, 0], 'd24ec4f1a98c6e5b'],
  ['abc', [0, 0], '44bc2cf5ad770999'],
  ['Nobody inspects the spammish repetition', [0, 0], 'fbcea83c8a378bf1'],
  ['xxhash', [0, 0], '32dd38952c4bc720'],
  ['xxhash', [0, 20_141_025], 'b559b98d844e0635'],
] as const)('XXH64 of %j with the seed %j is the published one', (text, seeds, expected) => {
  expect(hashOf(text, seeds)).toBe(expected);
});

test('a scan gives the numbers a hasher with its seeds gives, for any length', () => {
  const seeds: Seeds = [123, 4_000_000_000];
  const scanner = lineScanner({ fields: { a: { value: 'text', take: 'hash' } }, others: 'fixed' }, seeds);
  const hasher = textHasher(seeds);
  for (let length = 0; length < 200; length += 1) {
    const text = 'abcdefghij'.repeat(20).slice(0, length);
    const bytes = scanner.block.write(`{"a":"${text}"}\n`, 0);
    if (scanner.scan(0, bytes) === 0) {
      scanner.learn(0, bytes);
      expect(scanner.scan(0, bytes)).toBe(1);
    }
    const { words, first } = scanner.rows;
    hasher.hash(text);
    const cell = first + scanner.rows.cellOf('a');
    expect([words[cell + 3], words[cell + 2]]).toEqual([hasher.high, hasher.low]);
  }
});

test('texts are told apart by everything that is in them', () => {
  const texts = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 6 }),
    fc.constantFrom('\uD800', '\uD801', '\uDC00', '\uFFFD', 'é', 'e\u0301', '', '\0'),
    fc.constantFrom(...[0, 1, 2].map((nth) => 'é'.repeat(150_000) + String(nth)), 'x'.repeat(300_000)),
  );
  fc.assert(
    fc.property(texts, texts, (one, other) => {
      expect(hashOf(one, [1, 2]) === hashOf(other, [1, 2])).toBe(one === other);
    }),
  );
});
