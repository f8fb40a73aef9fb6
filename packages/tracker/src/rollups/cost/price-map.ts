/** Lengths of a request's whole input, in thousand tokens, beyond which a list may have other prices. */
export const LONG_TIERS_K = [128, 200, 256, 272, 512] as const;

type Tier = (typeof LONG_TIERS_K)[number];

/** Kinds of token a list has a price for, by the names of the field's usual price map. */
export const PRICE_NAMES = [
  'input_cost_per_token',
  'output_cost_per_token',
  'cache_creation_input_token_cost',
  'cache_creation_input_token_cost_above_1hr',
  'cache_read_input_token_cost',
] as const;

export type PriceName = (typeof PRICE_NAMES)[number];

/**
 * US dollars per token, by the names of the field's usual price map. Absent: not charged apart, or not known. A name with
 * `_above_200k_tokens` is for requests whose whole input is longer than that, in place of the one without.
 */
export type ModelPrice = {
  readonly [Name in 'input_cost_per_token' | 'output_cost_per_token']: number;
} & { readonly [Name in PriceName]?: number } & {
  readonly [Name in `${PriceName}_above_${Tier}k_tokens`]?: number;
};

export interface PriceMap {
  /** Day the prices were looked up, and which prices of one's own go before them. */
  readonly version: string;
  readonly models: Readonly<Record<string, ModelPrice>>;
  /** Prices of one's own, which go before `models`; names may hold `*`, and the first that fits wins. */
  readonly own?: readonly (readonly [pattern: string, price: ModelPrice])[];
}

const PER_MILLION = 1e-6;

/** Anthropic's list: cache writes cost 1.25 times the input for five minutes and twice for an hour, reads a tenth. */
function anthropic(
  input: number,
  output: number,
  long?: { readonly input: number; readonly output: number },
): ModelPrice {
  return {
    input_cost_per_token: input * PER_MILLION,
    output_cost_per_token: output * PER_MILLION,
    cache_creation_input_token_cost: input * 1.25 * PER_MILLION,
    cache_creation_input_token_cost_above_1hr: input * 2 * PER_MILLION,
    cache_read_input_token_cost: input * 0.1 * PER_MILLION,
    ...(long !== undefined && {
      input_cost_per_token_above_200k_tokens: long.input * PER_MILLION,
      output_cost_per_token_above_200k_tokens: long.output * PER_MILLION,
    }),
  };
}

function cached(input: number, output: number, read: number): ModelPrice {
  return {
    input_cost_per_token: input * PER_MILLION,
    output_cost_per_token: output * PER_MILLION,
    cache_creation_input_token_cost: 0,
    cache_read_input_token_cost: read * PER_MILLION,
  };
}

/**
 * List prices of the vendors, pinned. A model that is not here has no price: what is not known for sure is left out, and
 * a price map of one's own goes before it.
 */
export const PRICES: PriceMap = {
  version: '2026-11-25',
  models: {
    'claude-3-5-haiku': anthropic(0.8, 4),
    'claude-3-7-sonnet': anthropic(3, 15),
    'claude-haiku-4-5': anthropic(1, 5),
    'claude-sonnet-4': anthropic(3, 15, { input: 6, output: 22.5 }),
    'claude-sonnet-4-5': anthropic(3, 15, { input: 6, output: 22.5 }),
    'claude-opus-4': anthropic(15, 75),
    'claude-opus-4-1': anthropic(15, 75),
    'claude-opus-4-5': anthropic(5, 25),
    'gpt-5': cached(1.25, 10, 0.125),
    'gpt-5-codex': cached(1.25, 10, 0.125),
    'gpt-5-mini': cached(0.25, 2, 0.025),
    'glm-4.5': cached(0.6, 2.2, 0.11),
    'glm-4.5-air': cached(0.2, 1.1, 0.03),
    'glm-4.6': cached(0.6, 2.2, 0.11),
  },
};

/** The list with prices of one's own before it. `id` tells one file of them from another. */
export function withOwnPrices(map: PriceMap, own: NonNullable<PriceMap['own']>, id: string): PriceMap {
  return { version: `${map.version}+own-${id}`, models: map.models, own };
}

interface Priced {
  readonly name: string;
  readonly price: ModelPrice;
}

const found = new WeakMap<PriceMap, Map<string, Priced | null>>();

/** The entry of a model, also of its dated name (`claude-haiku-4-5-20251001`) and with dots for dashes; null: none. */
export function priceOf(model: string, map: PriceMap): Priced | null {
  let ofMap = found.get(map);
  if (ofMap === undefined) found.set(map, (ofMap = new Map()));
  let priced = ofMap.get(model);
  if (priced === undefined) ofMap.set(model, (priced = lookUp(model, map)));
  return priced;
}

function lookUp(model: string, { models, own = [] }: PriceMap): Priced | null {
  const plain = [model, model.replace(/[-@](?:20\d{6}|20\d\d-\d\d-\d\d|latest)$/, '')];
  const names = [...plain, ...plain.map((one) => one.replaceAll('.', '-')), ...plain.map(thirdParty)];
  for (const name of names) {
    const exact = own.find(([pattern]) => pattern === name);
    if (exact !== undefined) return { name, price: exact[1] };
  }
  const fitting = own.find(([pattern]) => pattern.includes('*') && fits(model, pattern));
  if (fitting !== undefined) return { name: fitting[0], price: fitting[1] };
  for (const name of names) {
    const price = Object.hasOwn(models, name) ? models[name] : undefined;
    if (price !== undefined) return { name, price };
  }
  return null;
}

/** Whether a name fits a pattern, in which `*` stands for any characters. */
function fits(name: string, pattern: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  const last = rest.pop() ?? '';
  if (!name.startsWith(first) || !name.endsWith(last) || name.length < first.length + last.length) return false;
  let at = first.length;
  for (const part of rest) {
    const next = name.indexOf(part, at);
    if (next === -1 || next + part.length > name.length - last.length) return false;
    at = next + part.length;
  }
  return true;
}

/** `anthropic/claude-sonnet-4-5` and `claude-sonnet-4-5[1m]` are the same model. */
function thirdParty(name: string): string {
  return name.replace(/^[a-z]+\//, '').replace(/\[1m\]$/, '');
}
