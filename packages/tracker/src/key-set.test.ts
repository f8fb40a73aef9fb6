import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { keySet } from './key-set.ts';

test('knows what a set of texts knows, whatever is added', () => {
  const key = fc.oneof(
    fc.string({ maxLength: 3 }),
    fc.string({ unit: 'binary', maxLength: 3 }),
    fc.constantFrom('', '\0', '\0\0'),
  );
  fc.assert(
    fc.property(fc.array(key, { maxLength: 200 }), fc.array(key, { maxLength: 20 }), (added, asked) => {
      const [keys, texts] = [keySet(), new Set<string>()];
      for (const one of added) {
        expect(keys.add(one)).toBe(!texts.has(one));
        texts.add(one);
      }
      expect(keys.size).toBe(texts.size);
      for (const one of [...added, ...asked]) expect(keys.has(one)).toBe(texts.has(one));
    }),
  );
});

test('no two of 300,000 keys such as ours look alike; an empty set knows none of them', () => {
  const keys = keySet();
  const keyOf = (nth: number): string =>
    `${(nth * 2_654_435).toString(16).padStart(8, '0')}@${1_893_456_000_000 + nth}`;
  for (let nth = 0; nth < 150_000; nth += 1) if (!keys.add(keyOf(nth))) throw new Error(keyOf(nth));
  for (let nth = 0; nth < 150_000; nth += 1)
    if (!keys.add(`h:${nth.toString(16).padStart(24, '0')}`)) throw new Error(String(nth));
  expect(keys.size).toBe(300_000);
  keys.clear();
  expect([keys.size, keys.has(keyOf(1)), keys.add(keyOf(1))]).toEqual([0, false, true]);
});
