import type { Tokens } from '../exchange.ts';

/** Share of a new observation in the learned means. */
const ALPHA = 0.2;
/** Bytes of JSON per token before anything was learned: prose and code of a request run at about four. */
const BYTES_PER_TOKEN = 4;
/** Output before anything was learned, unless the request allows less. */
const FIRST_OUTPUT = 500;

/** What requests of one lane and model have needed so far, to predict what the next one will. */
export class Estimator {
  #inputPerByte: number | null = null;
  #cacheWritePerByte = 0;
  #cacheReadPerByte = 0;
  #output = FIRST_OUTPUT;

  expect(bodyBytes: number, maxTokens: number | null): Tokens {
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
    // No usage reported (cancelled early, an unreadable answer) teaches nothing.
    if (bodyBytes <= 0 || tokens.input + tokens.output + tokens.cacheWrite + tokens.cacheRead === 0) return;
    const first = this.#inputPerByte === null;
    const blend = (mean: number, seen: number): number => (first ? seen : mean + ALPHA * (seen - mean));
    this.#cacheWritePerByte = blend(this.#cacheWritePerByte, tokens.cacheWrite / bodyBytes);
    this.#cacheReadPerByte = blend(this.#cacheReadPerByte, tokens.cacheRead / bodyBytes);
    this.#output = blend(this.#output, tokens.output);
    this.#inputPerByte = blend(this.#inputPerByte ?? 0, tokens.input / bodyBytes);
  }
}
