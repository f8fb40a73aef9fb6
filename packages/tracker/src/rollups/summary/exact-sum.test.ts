import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { sumFrom } from './exact-sum.ts';

const numbers = fc.oneof(
  fc.integer(),
  fc.maxSafeInteger(),
  fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e300, max: 1e300 }),
  fc.constantFrom(0.1, 0.2, 1e16, -1e16, 5e-324, 2 ** 53, -(2 ** 53), 2 ** 53 + 2),
);

const total = (values: readonly number[]): number => {
  const sum = sumFrom();
  for (const value of values) sum.add(value);
  return sum.value();
};

test.each([
  ['what rounding would lose', [1e16, 1, -1e16], 1],
  ['tenths', Array.from({ length: 10 }, () => 0.1), 1],
  ['the smallest numbers', [5e-324, 5e-324], 1e-323],
  ['half-way goes to the even one', [2 ** 53, 1], 2 ** 53],
  ['a little more than half-way does not', [2 ** 53, 1, 2 ** -60], 2 ** 53 + 2],
  ['nothing', [], 0],
])('%s', (_what, values, expected) => expect(total(values)).toBe(expected));

test('any order and any portions give the same number, and what is taken away leaves no trace', () => {
  fc.assert(
    fc.property(fc.array(numbers), fc.array(numbers), fc.nat(), (values, others, at) => {
      const cut = at % (values.length + 1);
      const sum = sumFrom();
      for (const value of [...values.slice(cut), ...others]) sum.add(value);
      const kept = sumFrom(JSON.parse(JSON.stringify(sum.toJSON())) as ReturnType<typeof sum.toJSON>);
      for (const value of others) kept.add(value, -1);
      for (const value of values.slice(0, cut)) kept.add(value);
      expect(kept.value()).toBe(total(values));
    }),
  );
});

test('whole numbers add up as big integers do', () => {
  fc.assert(
    fc.property(fc.array(fc.maxSafeInteger()), (values) => {
      expect(total(values)).toBe(Number(values.reduce((sum, value) => sum + BigInt(value), 0n)));
    }),
  );
});
