import type { ModelLimit, QuotaConfig } from '../config/catalog.ts';
import { NO_TOKENS, type Tokens } from '../exchange.ts';
import { counted, DEFAULT_WEIGHTS } from './counted.ts';
import { Estimator } from './estimate.ts';
import { Ledger } from './ledger.ts';
import {
  addPending,
  HeldReservation,
  nonePending,
  NoReservation,
  type Pending,
  type Reservation,
} from './reservation.ts';
import type { Series } from './series.ts';
import { judgeQuota, type Verdict, type Warned } from './verdict.ts';

export interface AdmissionQuestion {
  readonly lane: string;
  readonly model: string;
  /** False for requests that spend no tokens: they are never held against a quota. */
  readonly spends: boolean;
  readonly bodyBytes: number;
  readonly maxTokens: number | null;
  readonly nowTs: number;
}

export interface QuotaOptions {
  /** Which limit applies to a model on a lane: exact names first, then aliases, then globs in file order. */
  readonly limitOf: LimitOf;
  /** The threshold in force for a configured one. */
  readonly warnPctOf: (lane: string, model: string, configured: number | null) => number | null;
  /** Epoch seconds of a reset of the lane's week as its provider named it; null: not known. */
  readonly vendorWeekReset: (lane: string) => number | null;
}

export type LimitOf = (config: QuotaConfig, lane: string, model: string) => ModelLimit | null;

/** The length of a provider's own week; a configured week of another length is never laid over it. */
const VENDOR_WEEK_S = 604_800;

/** The quota book: what was spent, what is promised, and what may still be. Time comes in as an argument. */
export class Quotas {
  readonly ledger: Ledger;
  readonly #options: QuotaOptions;
  readonly #pending = new Map<Series, Pending>();
  readonly #estimators = new Map<Series, Estimator>();
  /** By limit and series, so that a warning outlives a reload of the file. */
  readonly #warned = new Map<string, Warned>();
  /** Series per limit, per configuration; rebuilt when a series appears. */
  #pools = new WeakMap<QuotaConfig, Pools>();
  /** Those of the configuration that was asked about last: nearly always the same. */
  #last: Pools | undefined;

  constructor(config: QuotaConfig, options: QuotaOptions) {
    this.ledger = new Ledger({ rollingS: config.rollingSeconds, weeklyS: config.weeklySeconds });
    this.#options = options;
  }

  /** Judges a request and sets its expected need aside. Who turns it away releases the reservation. */
  reserve(question: AdmissionQuestion, config: QuotaConfig): Reservation {
    const { lane, model, bodyBytes, maxTokens, nowTs } = question;
    const series = this.ledger.series(lane, model);
    if (!question.spends) return this.#freeOfCharge(series, config, nowTs);
    const estimator = this.#estimator(series);
    const pool = this.#pool(config, series);
    const estimate = estimator.expect(bodyBytes, maxTokens, pool.limit?.reserve);
    const verdict = this.#judge({ series, pool, config, own: estimate, nowTs });
    return new HeldReservation(verdict, estimate, { series, estimator, bodyBytes, pending: this.#pendingOf(series) });
  }

  /** Where a lane and model stand now; requests in flight are no part of the verdict. */
  standing(lane: string, model: string, config: QuotaConfig, nowTs: number): Standing {
    const series = this.ledger.series(lane, model);
    const pool = this.#pool(config, series);
    const { limit, members } = pool;
    const pending = nonePending();
    for (const member of members) addPending(pending, this.#pending.get(member) ?? NO_TOKENS, 1);
    const verdict = this.#judge({ series, pool, config, own: NO_TOKENS, nowTs, alone: true });
    return { lane, limit, verdict, pending: counted(pending, limit?.weights ?? DEFAULT_WEIGHTS) };
  }

  #freeOfCharge(series: Series, config: QuotaConfig, nowTs: number): Reservation {
    const judged = this.#judge({ series, pool: this.#pool(config, series), config, own: NO_TOKENS, nowTs });
    return new NoReservation({ ...judged, verdict: 'allow' });
  }

  /** `alone`: what is in flight does not count. */
  #judge({ series, pool, config, own, nowTs, alone }: JudgeQuestion): Verdict {
    this.ledger.respan({ rollingS: config.rollingSeconds, weeklyS: config.weeklySeconds });
    const { limit, members, warnKey } = pool;
    const pending = nonePending();
    if (alone !== true) {
      for (const member of members) addPending(pending, this.#pending.get(member) ?? NO_TOKENS, 1);
    }
    const before = this.#warned.get(warnKey) ?? NOT_WARNED;
    const verdict = judgeQuota({
      limit,
      warnPct: limit === null ? null : this.#options.warnPctOf(series.lane, series.model, limit.warnPct),
      warned: before,
      series: members,
      pending,
      own,
      rollingS: config.rollingSeconds,
      weeklyS: config.weeklySeconds,
      weekResetTs: this.#weekReset(limit, members, config),
      nowTs,
    });
    if (limit !== null && limit.warnPct !== null && verdict.warned !== before)
      this.#warned.set(warnKey, verdict.warned);
    return verdict;
  }

  /** A limit over several lanes has no provider whose week it could follow. */
  #weekReset(limit: ModelLimit | null, members: readonly Series[], config: QuotaConfig): number | null {
    const anchor = limit === null ? 'vendor' : limit.weeklyAnchor;
    if (anchor !== 'vendor') return anchor;
    if (config.weeklySeconds !== VENDOR_WEEK_S) return null;
    const lane = limit?.lane ?? members[0]?.lane;
    if (lane === undefined || members.some((one) => one.lane !== lane)) return null;
    return this.#options.vendorWeekReset(lane);
  }

  #pool(config: QuotaConfig, series: Series): Pool {
    let pools = this.#last;
    if (pools?.config !== config) pools = this.#pools.get(config);
    if (pools === undefined || pools.size !== this.ledger.size) {
      pools = { config, size: this.ledger.size, bySeries: new Map() };
      const byLimit = new Map<ModelLimit, Series[]>();
      for (const one of this.ledger.all()) {
        const limit = this.#options.limitOf(config, one.lane, one.model);
        const members = (limit === null ? undefined : byLimit.get(limit)) ?? [];
        members.push(one);
        if (limit !== null) byLimit.set(limit, members);
        pools.bySeries.set(one, { limit, members, warnKey: warnKeyOf(limit, one) });
      }
      this.#pools.set(config, pools);
    }
    this.#last = pools;
    return pools.bySeries.get(series) ?? { limit: null, members: [series], warnKey: '' };
  }

  #pendingOf(series: Series): Pending {
    let pending = this.#pending.get(series);
    if (pending === undefined) {
      pending = nonePending();
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

export interface Standing {
  readonly lane: string;
  readonly verdict: Verdict;
  readonly limit: ModelLimit | null;
  /** Counted tokens set aside for requests in flight. */
  readonly pending: number;
}

interface JudgeQuestion {
  readonly series: Series;
  readonly pool: Pool;
  readonly config: QuotaConfig;
  readonly own: Tokens;
  readonly nowTs: number;
  readonly alone?: boolean;
}

interface Pools {
  readonly config: QuotaConfig;
  readonly size: number;
  readonly bySeries: Map<Series, Pool>;
}

/** The limit of a series, and every series it counts. */
interface Pool {
  readonly limit: ModelLimit | null;
  readonly members: readonly Series[];
  readonly warnKey: string;
}

/** Models that share a limit may have thresholds of their own. */
function warnKeyOf(limit: ModelLimit | null, { lane, model }: Series): string {
  return `${limit === null ? '' : `${limit.lane ?? '*'}\n${limit.model}`}\n${lane}\n${model}`;
}

const NOT_WARNED: Warned = Object.freeze({ rolling: false, weekly: false });
