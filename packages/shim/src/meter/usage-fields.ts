import type { Tokens } from '../exchange.ts';

/** Token counts as they arrive; null until a provider names them. */
export interface UsageSoFar {
  input: number | null;
  output: number | null;
  cacheWrite: number | null;
  cacheRead: number | null;
}

export function noUsage(): UsageSoFar {
  return { input: null, output: null, cacheWrite: null, cacheRead: null };
}

/**
 * Lays a `usage` object over what is known. Counts are cumulative, so the last one named wins per field: adding a delta
 * to the start would count twice, and some servers send zeros at the start.
 */
export function mergeUsage(soFar: UsageSoFar, usage: unknown): void {
  if (typeof usage !== 'object' || usage === null) return;
  const named = usage as Record<string, unknown>;
  soFar.input = count(named['input_tokens']) ?? soFar.input;
  soFar.output = count(named['output_tokens']) ?? soFar.output;
  soFar.cacheRead = count(named['cache_read_input_tokens']) ?? soFar.cacheRead;
  soFar.cacheWrite =
    count(named['cache_creation_input_tokens']) ?? splitCacheWrites(named['cache_creation']) ?? soFar.cacheWrite;
}

export function toTokens(soFar: UsageSoFar): Tokens {
  return {
    input: soFar.input ?? 0,
    output: soFar.output ?? 0,
    cacheWrite: soFar.cacheWrite ?? 0,
    cacheRead: soFar.cacheRead ?? 0,
  };
}

export function isKnown(soFar: UsageSoFar): boolean {
  return soFar.input !== null || soFar.output !== null;
}

/** More than any request can use: a provider's slip must not spoil every sum it goes into. */
const MOST_TOKENS = 1e9;

/** A number of tokens as it is counted; null: it is none. */
export function count(value: unknown): number | null {
  return typeof value === 'number' && value >= 0 && value <= MOST_TOKENS ? Math.round(value) : null;
}

/** Only the split by lifetime (5 m, 1 h) is given. */
function splitCacheWrites(value: unknown): number | null {
  if (typeof value !== 'object' || value === null) return null;
  const split = value as Record<string, unknown>;
  const five = count(split['ephemeral_5m_input_tokens']);
  const hour = count(split['ephemeral_1h_input_tokens']);
  return five === null && hour === null ? null : (five ?? 0) + (hour ?? 0);
}
