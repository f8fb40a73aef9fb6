/** US dollars per token, by the names of the field's usual price map. Absent: not charged apart, or not known. */
export interface ModelPrice {
  readonly input_cost_per_token: number;
  readonly output_cost_per_token: number;
  readonly cache_creation_input_token_cost?: number;
  readonly cache_creation_input_token_cost_above_1hr?: number;
  readonly cache_read_input_token_cost?: number;
  /** Of a request whose whole input is longer than 200,000 tokens. */
  readonly input_cost_per_token_above_200k_tokens?: number;
  readonly output_cost_per_token_above_200k_tokens?: number;
}

export interface PriceMap {
  /** Day the prices were looked up. */
  readonly version: string;
  readonly models: Readonly<Record<string, ModelPrice>>;
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

/** The entry of a model, also of its dated name (`claude-haiku-4-5-20251001`) and with dots for dashes; null: none. */
export function priceOf(
  model: string,
  { models }: PriceMap,
): { readonly name: string; readonly price: ModelPrice } | null {
  const names = [model, model.replace(/[-@](?:20\d{6}|20\d\d-\d\d-\d\d|latest)$/, '')];
  for (const name of [...names, ...names.map((one) => one.replaceAll('.', '-')), ...names.map(thirdParty)]) {
    const price = Object.hasOwn(models, name) ? models[name] : undefined;
    if (price !== undefined) return { name, price };
  }
  return null;
}

/** `anthropic/claude-sonnet-4-5` and `claude-sonnet-4-5[1m]` are the same model. */
function thirdParty(name: string): string {
  return name.replace(/^[a-z]+\//, '').replace(/\[1m\]$/, '');
}
