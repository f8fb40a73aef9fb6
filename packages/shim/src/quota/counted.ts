import type { Weights } from '../config/catalog.ts';
import type { Tokens } from '../exchange.ts';

export const DEFAULT_WEIGHTS: Weights = { input: 1, output: 1, cacheWrite: 1, cacheRead: 0 };

/** Tokens as a limit counts them. */
export function counted(tokens: Tokens, weights: Weights): number {
  return (
    tokens.input * weights.input +
    tokens.output * weights.output +
    tokens.cacheWrite * weights.cacheWrite +
    tokens.cacheRead * weights.cacheRead
  );
}
