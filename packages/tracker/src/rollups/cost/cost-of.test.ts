import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { costOf, lengthClass } from './cost-of.ts';
import { LONG_TIERS_K, priceOf, PRICES, withOwnPrices } from './price-map.ts';
import type { ModelPrice } from './price-map.ts';

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

const own = (entries: Readonly<Record<string, Partial<ModelPrice>>>): typeof PRICES =>
  withOwnPrices(PRICES, Object.entries(entries) as [string, ModelPrice][], 'c0ffee01');

test.each([
  ['claude-haiku-4-5-20251001', 'claude-haiku-4-5'],
  ['my-model-2', 'my-*'],
  ['a/b/c', 'a*/*c'],
  ['ac', 'a*c'],
  ['claude-opus-4-5', 'claude-opus-4-5'],
])('%s is priced as %s by prices of one’s own', (model, name) => {
  const price = { input_cost_per_token: 1e-6, output_cost_per_token: 2e-6 };
  const map = own({ 'my-*': price, 'my-model-*': price, 'a*/*c': price, 'a*c': price, 'claude-haiku-4-5': price });
  expect(priceOf(model, map)?.name).toBe(name);
  expect(map.version).toBe(`${PRICES.version}+own-c0ffee01`);
});

test.each(['my', 'xmy-1', 'ba/c', 'a'])('%s fits no pattern, and has no price', (model) => {
  const price = { input_cost_per_token: 1e-6, output_cost_per_token: 2e-6 };
  expect(costOf(model, { ...NONE, input: 1 }, own({ 'my-*': price, 'a*c': price, 'aa*aa': price }))).toBe(null);
});

test('a long request is priced by the longest length it passed, its cache in proportion where the list is silent', () => {
  const map = own({
    m: {
      input_cost_per_token: 1,
      output_cost_per_token: 2,
      cache_read_input_token_cost: 0.5,
      cache_creation_input_token_cost: 1.25,
      input_cost_per_token_above_128k_tokens: 3,
      output_cost_per_token_above_128k_tokens: 4,
      cache_creation_input_token_cost_above_128k_tokens: 10,
      input_cost_per_token_above_256k_tokens: 5,
    },
    free: { input_cost_per_token: 0, output_cost_per_token: 0, cache_read_input_token_cost: 1 },
  });
  const of = (model: string, tokens: Partial<typeof NONE>): number | null => costOf(model, { ...NONE, ...tokens }, map);
  expect(of('m', { input: 128_000, output: 1 })).toBe(128_000 + 2);
  expect(of('m', { input: 128_001, output: 1, cacheRead: 2 })).toBe(3 * 128_001 + 4 + 3);
  expect(of('m', { input: 128_000, cacheWrite: 10, cacheWrite1h: 4 })).toBe(3 * 128_000 + 60 + 4 * 10);
  expect(of('m', { input: 300_000, output: 1, cacheRead: 2 })).toBe(5 * 300_000 + 2 + 5);
  expect(of('free', { input: 1_000_000, cacheRead: 3 })).toBe(3);
  expect(LONG_TIERS_K.map((k) => lengthClass({ ...NONE, input: k * 1000 + 1 }))).toEqual([1, 2, 3, 4, 5]);
});
