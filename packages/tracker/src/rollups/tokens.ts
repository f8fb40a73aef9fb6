import type { ModelUsage, Usage } from '@ccp/contracts';

/** Requests and unweighted tokens in the rolling window. Null: the shim does not say. */
export interface TokenSums {
  readonly requests: number;
  readonly input_tokens: number;
  readonly output_tokens: number;
  readonly cache_write_tokens: number | null;
  readonly cache_read_tokens: number | null;
}

export interface ModelTokens extends TokenSums {
  readonly model: string;
  readonly provider: string | null;
}

/** Models, the busiest first, and their sum. */
export function toTokens({ models }: Usage): { models: readonly ModelTokens[]; totals: TokenSums } {
  const rows = Object.entries(models)
    .map(([model, usage]) => toModelTokens(model, usage))
    .toSorted((a, b) => traffic(b) - traffic(a) || (a.model < b.model ? -1 : 1));
  return {
    models: rows,
    totals: {
      requests: rows.reduce((sum, row) => sum + row.requests, 0),
      input_tokens: rows.reduce((sum, row) => sum + row.input_tokens, 0),
      output_tokens: rows.reduce((sum, row) => sum + row.output_tokens, 0),
      cache_write_tokens: sumIfKnown(rows.map((row) => row.cache_write_tokens)),
      cache_read_tokens: sumIfKnown(rows.map((row) => row.cache_read_tokens)),
    },
  };
}

function toModelTokens(model: string, usage: ModelUsage): ModelTokens {
  const types = usage.tokens?.rolling;
  return {
    model,
    provider: usage.provider ?? null,
    requests: usage.reqs,
    input_tokens: types?.input ?? usage.rolling_in,
    output_tokens: types?.output ?? usage.rolling_out,
    cache_write_tokens: types?.cache_write ?? null,
    cache_read_tokens: types?.cache_read ?? null,
  };
}

function traffic(row: TokenSums): number {
  return row.input_tokens + row.output_tokens + (row.cache_write_tokens ?? 0) + (row.cache_read_tokens ?? 0);
}

/** A sum that leaves out an unknown part would look exact and be too low. */
function sumIfKnown(values: readonly (number | null)[]): number | null {
  let sum = 0;
  for (const value of values) {
    if (value === null) return null;
    sum += value;
  }
  return sum;
}
