import { priceOf } from './price-map.ts';
import type { ModelPrice, PriceMap } from './price-map.ts';

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

/** Lengths of a request's whole input, in tokens, beyond which some list has other prices. */
const LENGTHS = [128_000, 200_000, 256_000, 272_000, 512_000] as const;

/** How many of the lengths are passed: requests of one class are priced alike, so their tokens may be added up first. */
export function lengthClass({ input, cacheWrite, cacheRead }: PricedTokens): number {
  const whole = input + cacheWrite + cacheRead;
  let passed = 0;
  for (const length of LENGTHS) if (whole > length) passed += 1;
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
  return found === null ? null : priced(found.price, tokens, (LENGTHS[by.lengthClass - 1] ?? 0) >= 200_000);
}

function priced(price: ModelPrice, tokens: PricedTokens, isLongContext: boolean): number | null {
  const isLong = isLongContext && price.input_cost_per_token_above_200k_tokens !== undefined;
  const input = isLong ? price.input_cost_per_token_above_200k_tokens : price.input_cost_per_token;
  const output = isLong ? price.output_cost_per_token_above_200k_tokens : price.output_cost_per_token;
  // A long request pays more for what it takes from the cache too, in the same proportion as for its input.
  const factor = (input ?? 0) / price.input_cost_per_token;
  const parts: readonly (readonly [number, number | undefined])[] = [
    [tokens.input, input],
    [tokens.output, output],
    [tokens.cacheWrite - tokens.cacheWrite1h, times(price.cache_creation_input_token_cost, factor)],
    [
      tokens.cacheWrite1h,
      times(price.cache_creation_input_token_cost_above_1hr ?? price.cache_creation_input_token_cost, factor),
    ],
    [tokens.cacheRead, times(price.cache_read_input_token_cost, factor)],
  ];
  let sum = 0;
  for (const [count, each] of parts) {
    if (count === 0) continue;
    if (each === undefined) return null;
    sum += count * each;
  }
  return sum;
}

function times(price: number | undefined, factor: number): number | undefined {
  return price === undefined ? undefined : price * factor;
}
