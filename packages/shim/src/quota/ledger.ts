import type { Tokens } from '../exchange.ts';

/** What one lane spent on one model in one minute. Times in epoch seconds. */
interface Bucket {
  readonly minute: number;
  readonly firstTs: number;
  input: number;
  output: number;
  cacheWrite: number;
  cacheRead: number;
  dirtyS: number;
  count: number;
}

/** Sums over one window. */
export interface WindowSum extends Tokens {
  readonly count: number;
  /** Wall-clock seconds of the requests counted. */
  readonly dirtyS: number;
  /** Epoch seconds of the oldest request counted; null without any. */
  readonly oldestTs: number | null;
}

export interface Spans {
  readonly rollingS: number;
  readonly weeklyS: number;
}

const MINUTE_S = 60;

/**
 * Minute buckets of one lane and model, with running sums over two sliding windows.
 *
 * A bucket leaves a window when its whole minute is older than the window, so a sum never forgets a request early; it
 * may keep one up to 59 s longer. Reading costs as much as buckets have moved since the last reading.
 */
export class Series {
  readonly lane: string;
  readonly model: string;
  readonly #buckets: Bucket[] = [];
  #spans: Spans;
  #rollingFrom = 0;
  #weeklyFrom = 0;
  #rolling = emptySum();
  #weekly = emptySum();
  #session = emptySum();

  constructor(lane: string, model: string, spans: Spans) {
    this.lane = lane;
    this.model = model;
    this.#spans = spans;
  }

  /** Time that runs backwards (a clock set back) is counted in the newest minute: nothing is ever lost by it. */
  add(tokens: Tokens, dirtyS: number, ts: number): void {
    const last = this.#buckets.at(-1);
    const minute = Math.max(Math.floor(ts / MINUTE_S), last?.minute ?? -Infinity);
    let bucket = last;
    // A bucket that has left a window already (the clock was set back since) takes nothing more: it would never leave again.
    const live = this.#buckets.length > Math.max(this.#rollingFrom, this.#weeklyFrom);
    if (bucket === undefined || bucket.minute !== minute || !live) {
      bucket = { minute, firstTs: ts, input: 0, output: 0, cacheWrite: 0, cacheRead: 0, dirtyS: 0, count: 0 };
      this.#buckets.push(bucket);
    }
    for (const sum of [bucket, this.#rolling, this.#weekly, this.#session]) {
      sum.input += tokens.input;
      sum.output += tokens.output;
      sum.cacheWrite += tokens.cacheWrite;
      sum.cacheRead += tokens.cacheRead;
      sum.dirtyS += dirtyS;
      sum.count += 1;
    }
  }

  rolling(nowTs: number): WindowSum {
    this.#advance(nowTs);
    return { ...this.#rolling, oldestTs: this.#buckets[this.#rollingFrom]?.firstTs ?? null };
  }

  weekly(nowTs: number): WindowSum {
    this.#advance(nowTs);
    return { ...this.#weekly, oldestTs: this.#buckets[this.#weeklyFrom]?.firstTs ?? null };
  }

  /** Everything since the process started. */
  session(): WindowSum {
    return { ...this.#session, oldestTs: null };
  }

  /** The sum of what was spent at or after `fromTs`, for a week that is anchored to a vendor's reset. */
  since(fromTs: number): WindowSum {
    const sum = emptySum();
    let oldestTs: number | null = null;
    for (const bucket of this.#buckets) {
      if ((bucket.minute + 1) * MINUTE_S <= fromTs) continue;
      oldestTs ??= bucket.firstTs;
      accumulate(sum, bucket, 1);
    }
    return { ...sum, oldestTs };
  }

  /** Rolling buckets, oldest first, with the moment each one leaves the window. */
  *rollingBuckets(nowTs: number): Generator<Tokens & { readonly leavesTs: number }> {
    this.#advance(nowTs);
    yield* this.#leaving(this.#rollingFrom, this.#spans.rollingS);
  }

  *weeklyBuckets(nowTs: number): Generator<Tokens & { readonly leavesTs: number }> {
    this.#advance(nowTs);
    yield* this.#leaving(this.#weeklyFrom, this.#spans.weeklyS);
  }

  /** New window lengths: what was already dropped stays dropped, the rest is summed again. */
  respan(spans: Spans): void {
    this.#spans = spans;
    this.#rollingFrom = 0;
    this.#weeklyFrom = 0;
    this.#rolling = emptySum();
    this.#weekly = emptySum();
    for (const bucket of this.#buckets) {
      accumulate(this.#rolling, bucket, 1);
      accumulate(this.#weekly, bucket, 1);
    }
  }

  *#leaving(from: number, spanS: number): Generator<Tokens & { readonly leavesTs: number }> {
    for (const bucket of this.#buckets.slice(from)) {
      yield { ...bucket, leavesTs: (bucket.minute + 1) * MINUTE_S + spanS };
    }
  }

  #advance(nowTs: number): void {
    this.#rollingFrom = this.#expire(this.#rolling, this.#rollingFrom, nowTs - this.#spans.rollingS);
    this.#weeklyFrom = this.#expire(this.#weekly, this.#weeklyFrom, nowTs - this.#spans.weeklyS);
    const gone = Math.min(this.#rollingFrom, this.#weeklyFrom);
    if (gone === 0) return;
    this.#buckets.splice(0, gone);
    this.#rollingFrom -= gone;
    this.#weeklyFrom -= gone;
  }

  /** Takes what is older than `edgeTs` out of a sum; answers the first bucket still in it. */
  #expire(sum: MutableSum, from: number, edgeTs: number): number {
    let at = from;
    for (
      let bucket = this.#buckets[at];
      bucket && (bucket.minute + 1) * MINUTE_S <= edgeTs;
      bucket = this.#buckets[at]
    ) {
      accumulate(sum, bucket, -1);
      at += 1;
    }
    return at;
  }
}

interface MutableSum {
  input: number;
  output: number;
  cacheWrite: number;
  cacheRead: number;
  dirtyS: number;
  count: number;
}

function emptySum(): MutableSum {
  return { input: 0, output: 0, cacheWrite: 0, cacheRead: 0, dirtyS: 0, count: 0 };
}

function accumulate(sum: MutableSum, bucket: Bucket, sign: 1 | -1): void {
  sum.input += sign * bucket.input;
  sum.output += sign * bucket.output;
  sum.cacheWrite += sign * bucket.cacheWrite;
  sum.cacheRead += sign * bucket.cacheRead;
  sum.dirtyS += sign * bucket.dirtyS;
  sum.count += sign * bucket.count;
}

/** All series of this process. Who names the models keeps their number bounded. */
export class Ledger {
  readonly #series = new Map<string, Series>();
  #spans: Spans;

  constructor(spans: Spans) {
    this.#spans = spans;
  }

  series(lane: string, model: string): Series {
    const key = `${lane}\n${model}`;
    const known = this.#series.get(key);
    if (known !== undefined) return known;
    const made = new Series(lane, model, this.#spans);
    this.#series.set(key, made);
    return made;
  }

  all(): Iterable<Series> {
    return this.#series.values();
  }

  get size(): number {
    return this.#series.size;
  }

  respan(spans: Spans): void {
    if (spans.rollingS === this.#spans.rollingS && spans.weeklyS === this.#spans.weeklyS) return;
    this.#spans = spans;
    for (const series of this.#series.values()) series.respan(spans);
  }
}
