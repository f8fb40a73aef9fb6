import { LONG_TIERS_K, priceOf } from './price-map.ts';
import type { ModelPrice, PriceMap, PriceName } from './price-map.ts';

/** Tokens of one request. */
export interface PricedTokens {
  readonly input: number;
  readonly output: number;
  /** Written to the cache, both kinds together. */
  readonly cacheWrite: number;
  /** Of `cacheWrite`, for one hour. */
  readonly cacheWrite1h: number;
  readonly cacheRead: number;
}

/** How many of the lengths are passed: requests of one class are priced alike, so their tokens may be added up first. */
export function lengthClass({ input, cacheWrite, cacheRead }: PricedTokens): number {
  const whole = input + cacheWrite + cacheRead;
  let passed = 0;
  for (const length of LONG_TIERS_K) if (whole > length * 1000) passed += 1;
  return passed;
}

/** US dollars of one request by list prices; null: the model, or a kind of token it used, has no price. */
export function costOf(model: string, tokens: PricedTokens, map: PriceMap): number | null {
  return costOfClass(model, tokens, { lengthClass: lengthClass(tokens), map });
}

/** The same for the tokens of several requests of one class, which all used the same kinds of token. */
export function costOfClass(
  model: string,
  tokens: PricedTokens,
  by: { readonly lengthClass: number; readonly map: PriceMap },
): number | null {
  const found = priceOf(model, by.map);
  return found === null ? null : priced(found.price, tokens, by.lengthClass);
}

function priced(price: ModelPrice, tokens: PricedTokens, length: number): number | null {
  const each = pricesAt(price, length);
  const write = each('cache_creation_input_token_cost');
  const parts: readonly (readonly [number, number | undefined])[] = [
    [tokens.input, each('input_cost_per_token')],
    [tokens.output, each('output_cost_per_token')],
    [tokens.cacheWrite - tokens.cacheWrite1h, write],
    [tokens.cacheWrite1h, each('cache_creation_input_token_cost_above_1hr') ?? write],
    [tokens.cacheRead, each('cache_read_input_token_cost')],
  ];
  let sum = 0;
  for (const [count, one] of parts) {
    if (count === 0) continue;
    if (one === undefined) return null;
    sum += count * one;
  }
  return sum;
}

/**
 * Prices of a request that passed so many lengths. A long request pays more for what it takes from the cache too: as its
 * list says, or else in the same proportion as for its input.
 */
function pricesAt(price: ModelPrice, passed: number): (name: PriceName) => number | undefined {
  const tier = LONG_TIERS_K.slice(0, passed).findLast(
    (k) => price[`input_cost_per_token_above_${k}k_tokens`] !== undefined,
  );
  if (tier === undefined) return (name) => price[name];
  const base = price.input_cost_per_token;
  const factor = base === 0 ? 1 : (price[`input_cost_per_token_above_${tier}k_tokens`] ?? base) / base;
  return (name) => {
    const long = price[`${name}_above_${tier}k_tokens`];
    if (long !== undefined || name === 'output_cost_per_token') return long ?? price[name];
    const short = price[name];
    return short === undefined ? undefined : short * factor;
  };
}
