import { NO_TOKENS, type Tokens } from '../exchange.ts';
import type { Estimator } from './estimate.ts';
import type { Series } from './series.ts';
import type { Verdict } from './verdict.ts';

/** Tokens set aside for a request that was let in, until its real usage is known. */
export interface Reservation {
  readonly verdict: Verdict;
  readonly estimate: Tokens;
  /** Ends the reservation with what was really used. Only the first call of `settle` or `release` counts. */
  settle(tokens: Tokens, dirtyS: number, nowTs: number): Settled | null;
  /** Ends it with nothing used. */
  release(): void;
}

/** Where a settled request stands in the ledger. */
export interface Settled {
  readonly lane: string;
  readonly model: string;
  readonly minute: number;
}

/** Tokens set aside, all requests of a series together. */
export interface Pending {
  input: number;
  output: number;
  cacheWrite: number;
  cacheRead: number;
}

export function nonePending(): Pending {
  return { input: 0, output: 0, cacheWrite: 0, cacheRead: 0 };
}

export function addPending(sum: Pending, tokens: Tokens, sign: 1 | -1): void {
  sum.input += sign * tokens.input;
  sum.output += sign * tokens.output;
  sum.cacheWrite += sign * tokens.cacheWrite;
  sum.cacheRead += sign * tokens.cacheRead;
}

/** What a reservation is held against. */
interface Account {
  readonly series: Series;
  readonly pending: Pending;
  readonly estimator: Estimator;
  readonly bodyBytes: number;
}

/** Of a request that spends tokens. */
export class HeldReservation implements Reservation {
  readonly verdict: Verdict;
  readonly estimate: Tokens;
  readonly #account: Account;
  #open = true;

  /** Sets `estimate` aside. */
  constructor(verdict: Verdict, estimate: Tokens, account: Account) {
    this.verdict = verdict;
    this.estimate = estimate;
    this.#account = account;
    addPending(account.pending, estimate, 1);
  }

  settle(tokens: Tokens, dirtyS: number, nowTs: number): Settled | null {
    if (!this.#open) return null;
    this.release();
    const { series, estimator, bodyBytes } = this.#account;
    estimator.learn(bodyBytes, tokens);
    return { lane: series.lane, model: series.model, minute: series.add(tokens, dirtyS, nowTs) };
  }

  release(): void {
    if (!this.#open) return;
    this.#open = false;
    addPending(this.#account.pending, this.estimate, -1);
  }
}

/** Of a request that spends none. */
export class NoReservation implements Reservation {
  readonly verdict: Verdict;
  readonly estimate = NO_TOKENS;

  constructor(verdict: Verdict) {
    this.verdict = verdict;
  }

  settle(): null {
    return null;
  }

  release(): void {
    // Nothing is held.
  }
}
