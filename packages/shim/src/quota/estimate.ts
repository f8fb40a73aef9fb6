import type { Tokens } from '../exchange.ts';

/** Share of a new observation in the learned means. */
const ALPHA = 0.2;
/** Bytes of JSON per token before anything was learned: prose and code of a request run at about four. */
const BYTES_PER_TOKEN = 4;
/** No request is expected to have more tokens than this share of its bytes, unless one had. */
const MOST_TOKENS_PER_BYTE = 0.5;
/** Output before anything was learned, unless the request allows less. */
const FIRST_OUTPUT = 500;

/** `learned`: what such requests have needed. `max_tokens`: what it can need at most. */
export type Reserve = 'learned' | 'max_tokens';

/** What requests of one lane and model have needed so far, to predict what the next one will. */
export class Estimator {
  #inputPerByte: number | null = null;
  #cacheWritePerByte = 0;
  #cacheReadPerByte = 0;
  #mostPerByte = MOST_TOKENS_PER_BYTE;
  #output = FIRST_OUTPUT;

  expect(bodyBytes: number, maxTokens: number | null, reserve: Reserve = 'learned'): Tokens {
    if (reserve === 'max_tokens') {
      // All of the prompt counts as fresh: a cache that has expired meanwhile must not make the promise a lie.
      const input = Math.ceil(bodyBytes * this.#mostPerByte);
      return { input, output: Math.ceil(maxTokens ?? this.#output), cacheWrite: 0, cacheRead: 0 };
    }
    const output = Math.ceil(Math.min(this.#output, maxTokens ?? Infinity));
    if (this.#inputPerByte === null) {
      return { input: Math.ceil(bodyBytes / BYTES_PER_TOKEN), output, cacheWrite: 0, cacheRead: 0 };
    }
    return {
      input: Math.ceil(bodyBytes * this.#inputPerByte),
      output,
      cacheWrite: Math.ceil(bodyBytes * this.#cacheWritePerByte),
      cacheRead: Math.ceil(bodyBytes * this.#cacheReadPerByte),
    };
  }

  learn(bodyBytes: number, tokens: Tokens): void {
    const prompt = tokens.input + tokens.cacheWrite + tokens.cacheRead;
    // No usage reported (cancelled early, an unreadable answer) teaches nothing.
    if (bodyBytes <= 0 || prompt + tokens.output === 0) return;
    const first = this.#inputPerByte === null;
    const blend = (mean: number, seen: number): number => (first ? seen : mean + ALPHA * (seen - mean));
    this.#cacheWritePerByte = blend(this.#cacheWritePerByte, tokens.cacheWrite / bodyBytes);
    this.#cacheReadPerByte = blend(this.#cacheReadPerByte, tokens.cacheRead / bodyBytes);
    this.#output = blend(this.#output, tokens.output);
    this.#inputPerByte = blend(this.#inputPerByte ?? 0, tokens.input / bodyBytes);
    this.#mostPerByte = Math.max(this.#mostPerByte, prompt / bodyBytes);
  }
}
