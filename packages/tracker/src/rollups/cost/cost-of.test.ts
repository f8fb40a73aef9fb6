import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { costOf } from './cost-of.ts';
import { priceOf, PRICES } from './price-map.ts';

const NONE = { input: 0, output: 0, cacheWrite: 0, cacheWrite1h: 0, cacheRead: 0 };
const cost = (model: string, tokens: Partial<typeof NONE>): number | null =>
  costOf(model, { ...NONE, ...tokens }, PRICES);

test.each([
  ['a million in and out', 'claude-opus-4-5', { input: 100_000, output: 1_000_000 }, 0.5 + 25],
  [
    'cache: five minutes 1.25 times, an hour twice, a read a tenth',
    'claude-haiku-4-5',
    { cacheWrite: 3000, cacheWrite1h: 1000, cacheRead: 10_000 },
    (2000 * 1.25 + 1000 * 2 + 10_000 * 0.1) / 1e6,
  ],
  ['up to 200,000 tokens the short price', 'claude-sonnet-4-5', { input: 200_000, output: 1000 }, 0.6 + 0.015],
  [
    'beyond, the whole request at the long one',
    'claude-sonnet-4-5',
    { input: 100_000, cacheRead: 100_001, output: 1000 },
    0.6 + 0.1000_01 * 0.6 + 0.0225,
  ],
  ['nothing used costs nothing', 'glm-4.6', {}, 0],
])('%s', (_what, model, tokens, usd) => expect(cost(model, tokens)).toBeCloseTo(usd, 9));

test.each(['claude-haiku-4-5-20251001', 'claude-haiku-4.5', 'anthropic/claude-haiku-4-5', 'claude-haiku-4-5[1m]'])(
  '%s has the price of its model',
  (name) => expect(priceOf(name, PRICES)?.name).toBe('claude-haiku-4-5'),
);

test.each(['', 'claude', 'claude-haiku-4-50', 'gpt-6', 'constructor', '__proto__'])('%s has no price', (name) => {
  expect(cost(name, { input: 5 })).toBe(null);
});

test('a kind of token without a price leaves the request without one', () => {
  const map = { version: 'x', models: { m: { input_cost_per_token: 1, output_cost_per_token: 1 } } };
  expect(costOf('m', { ...NONE, input: 2 }, map)).toBe(2);
  expect(costOf('m', { ...NONE, input: 2, cacheRead: 1 }, map)).toBe(null);
});

test('short requests add up', () => {
  const tokens = fc.record({
    input: fc.nat(9000),
    output: fc.nat(9000),
    cacheWrite: fc.constant(500),
    cacheWrite1h: fc.nat(500),
    cacheRead: fc.nat(9000),
  });
  fc.assert(
    fc.property(tokens, tokens, (a, b) => {
      const sum = Object.fromEntries(
        Object.keys(a).map((key) => [key, a[key as keyof typeof a] + b[key as keyof typeof b]]),
      );
      const [one, other, both] = [a, b, sum as typeof a].map(
        (each) => costOf('claude-sonnet-4-5', each, PRICES) ?? NaN,
      );
      expect((one ?? 0) + (other ?? 0)).toBeCloseTo(both ?? NaN, 9);
    }),
  );
});
