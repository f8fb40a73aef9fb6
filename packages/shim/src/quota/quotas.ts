import type { ModelLimit, QuotaConfig } from '../config/catalog.ts';
import type { Tokens } from '../exchange.ts';
import { Estimator } from './estimate.ts';
import { Ledger, type Series } from './ledger.ts';
import { judgeQuota, type Verdict } from './verdict.ts';

/** Tokens set aside for a request that was let in, until its real usage is known. */
export interface Reservation {
  readonly verdict: Verdict;
  readonly estimate: Tokens;
  /** Ends the reservation with what was really used. Only the first call of `settle` or `release` counts. */
  settle(tokens: Tokens, dirtyS: number, nowTs: number): void;
  /** Ends it with nothing used. */
  release(): void;
}

export interface AdmissionQuestion {
  readonly lane: string;
  readonly model: string;
  /** False for requests that spend no tokens: they are never held against a quota. */
  readonly spends: boolean;
  readonly bodyBytes: number;
  readonly maxTokens: number | null;
  readonly nowTs: number;
}

/** Says which limit applies to a model on a lane: exact names first, then aliases, then globs in file order. */
export type LimitOf = (config: QuotaConfig, lane: string, model: string) => ModelLimit | null;

/** The quota book: what was spent, what is promised, and what may still be. Time comes in as an argument. */
export class Quotas {
  readonly ledger: Ledger;
  readonly #pending = new Map<Series, MutableTokens>();
  readonly #estimators = new Map<Series, Estimator>();
  readonly #limitOf: LimitOf;
  /** Series per limit, per configuration; rebuilt when a series appears. */
  #pools = new WeakMap<
    QuotaConfig,
    { size: number; byLimit: Map<ModelLimit, Series[]>; limits: Map<Series, ModelLimit | null> }
  >();

  constructor(config: QuotaConfig, limitOf: LimitOf) {
    this.ledger = new Ledger({ rollingS: config.rollingSeconds, weeklyS: config.weeklySeconds });
    this.#limitOf = limitOf;
  }

  /** Judges a request and sets its expected need aside. Who turns it away releases the reservation. */
  reserve(question: AdmissionQuestion, config: QuotaConfig): Reservation {
    const series = this.ledger.series(question.lane, question.model);
    const estimator = this.#estimator(series);
    const estimate = question.spends ? estimator.expect(question.bodyBytes, question.maxTokens) : NOTHING;
    const verdict = question.spends
      ? this.#judge({ series, config, own: estimate, nowTs: question.nowTs })
      : { ...this.#judge({ series, config, own: NOTHING, nowTs: question.nowTs }), verdict: 'allow' as const };
    if (!question.spends) return { verdict, estimate, settle: () => undefined, release: () => undefined };
    const pending = this.#pendingOf(series);
    add(pending, estimate, 1);
    let open = true;
    const close = (): boolean => {
      if (!open) return false;
      open = false;
      add(pending, estimate, -1);
      return true;
    };
    return {
      verdict,
      estimate,
      settle: (tokens, dirtyS, nowTs) => {
        if (!close()) return;
        series.add(tokens, dirtyS, nowTs);
        estimator.learn(question.bodyBytes, tokens);
      },
      release: () => void close(),
    };
  }

  /** Where a lane and model stand now, requests in flight aside. */
  standing(
    lane: string,
    model: string,
    config: QuotaConfig,
    nowTs: number,
  ): { verdict: Verdict; limit: ModelLimit | null } {
    const series = this.ledger.series(lane, model);
    return { verdict: this.#judge({ series, config, own: null, nowTs }), limit: this.#pool(config, series).limit };
  }

  #judge(asked: { series: Series; config: QuotaConfig; own: Tokens | null; nowTs: number }): Verdict {
    this.ledger.respan({ rollingS: asked.config.rollingSeconds, weeklyS: asked.config.weeklySeconds });
    const { limit, members } = this.#pool(asked.config, asked.series);
    const pending: MutableTokens = { ...NOTHING };
    if (asked.own !== null) {
      for (const member of members) add(pending, this.#pending.get(member) ?? NOTHING, 1);
    }
    return judgeQuota({
      limit,
      series: members,
      pending,
      own: asked.own ?? NOTHING,
      rollingS: asked.config.rollingSeconds,
      weeklyS: asked.config.weeklySeconds,
      nowTs: asked.nowTs,
    });
  }

  #pool(config: QuotaConfig, series: Series): { limit: ModelLimit | null; members: readonly Series[] } {
    let pools = this.#pools.get(config);
    if (pools === undefined || pools.size !== this.ledger.size) {
      pools = { size: this.ledger.size, byLimit: new Map(), limits: new Map() };
      for (const one of this.ledger.all()) {
        const limit = this.#limitOf(config, one.lane, one.model);
        pools.limits.set(one, limit);
        if (limit !== null) pools.byLimit.set(limit, [...(pools.byLimit.get(limit) ?? []), one]);
      }
      this.#pools.set(config, pools);
    }
    const limit = pools.limits.get(series) ?? null;
    return { limit, members: limit === null ? [series] : (pools.byLimit.get(limit) ?? [series]) };
  }

  #pendingOf(series: Series): MutableTokens {
    let pending = this.#pending.get(series);
    if (pending === undefined) {
      pending = { ...NOTHING };
      this.#pending.set(series, pending);
    }
    return pending;
  }

  #estimator(series: Series): Estimator {
    let estimator = this.#estimators.get(series);
    if (estimator === undefined) {
      estimator = new Estimator();
      this.#estimators.set(series, estimator);
    }
    return estimator;
  }
}

interface MutableTokens {
  input: number;
  output: number;
  cacheWrite: number;
  cacheRead: number;
}

const NOTHING: Tokens = Object.freeze({ input: 0, output: 0, cacheWrite: 0, cacheRead: 0 });

function add(sum: MutableTokens, tokens: Tokens, sign: 1 | -1): void {
  sum.input += sign * tokens.input;
  sum.output += sign * tokens.output;
  sum.cacheWrite += sign * tokens.cacheWrite;
  sum.cacheRead += sign * tokens.cacheRead;
}
