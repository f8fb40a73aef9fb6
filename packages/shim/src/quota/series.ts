import type { Tokens } from '../exchange.ts';

/** What one lane spent on one model in one minute. `minute` counts from the epoch, times are epoch seconds. */
export interface Minute extends Tokens {
  readonly minute: number;
  /** Epoch seconds of its first request. */
  readonly firstTs: number;
  readonly dirtyS: number;
  readonly count: number;
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

export const MINUTE_S = 60;

/** Buckets outlive the week by this much: a clock that was up to a day ahead and is set right again has lost nothing. */
const SLACK_S = 86_400;

/**
 * Minute buckets of one lane and model, with running sums from moving edges.
 *
 * A bucket leaves a window when its whole minute is older than the window, so a sum never forgets a request early; it
 * may keep one up to 59 s longer. Reading costs as much as buckets have moved since the last reading, unless the clock
 * went backwards: then the sums are made anew from the buckets.
 */
export class Series {
  readonly lane: string;
  readonly model: string;
  readonly #buckets: Bucket[] = [];
  readonly #rolling = new Edge();
  readonly #weekly = new Edge();
  /** From a week's known start; where weeks slide it is never asked for. */
  readonly #anchored = new Edge();
  readonly #session = emptySum();
  #spans: Spans;

  constructor(lane: string, model: string, spans: Spans) {
    this.lane = lane;
    this.model = model;
    this.#spans = spans;
  }

  /** `ts` is the clock's present time. Answers the minute it was counted in. */
  add(tokens: Tokens, dirtyS: number, ts: number): number {
    const minute = Math.floor(ts / MINUTE_S);
    const newest = this.#buckets.at(-1);
    if (newest !== undefined && newest.minute > minute + 1) this.#rewind(minute);
    const bucket = this.#bucketFor(minute, ts);
    const index = this.#buckets.length - 1;
    const one = { ...tokens, dirtyS, count: 1 };
    accumulate(bucket, one, 1);
    accumulate(this.#session, one, 1);
    for (const edge of this.#edges()) {
      if (index >= edge.from) accumulate(edge.sum, one, 1);
    }
    return bucket.minute;
  }

  /**
   * Puts back what was counted before; it is no part of this session. Of two accounts of one minute the one that knows
   * more requests is taken: both are of the same requests.
   */
  restore(minutes: Iterable<Minute>): void {
    const known = new Map(this.#buckets.map((bucket) => [bucket.minute, bucket]));
    for (const { minute, firstTs, input, output, cacheWrite, cacheRead, dirtyS, count } of minutes) {
      if (count <= (known.get(minute)?.count ?? 0)) continue;
      known.set(minute, { minute, firstTs, input, output, cacheWrite, cacheRead, dirtyS, count });
    }
    this.#buckets.splice(0, this.#buckets.length, ...[...known.values()].toSorted((a, b) => a.minute - b.minute));
    this.#forgetSums();
  }

  rolling(nowTs: number): WindowSum {
    return this.#from(this.#rolling, nowTs - this.#spans.rollingS, nowTs);
  }

  weekly(nowTs: number): WindowSum {
    return this.#from(this.#weekly, nowTs - this.#spans.weeklyS, nowTs);
  }

  /** What was spent at or after `fromTs`, to the minute, for a week that runs from a known reset. */
  since(fromTs: number, nowTs: number): WindowSum {
    return this.#from(this.#anchored, fromTs, nowTs);
  }

  /** Everything since the process started. */
  session(): WindowSum {
    return { ...this.#session, oldestTs: null };
  }

  /** Rolling buckets, oldest first, with the moment each one leaves the window. */
  rollingBuckets(nowTs: number): Iterable<Tokens & { readonly leavesTs: number }> {
    this.rolling(nowTs);
    return this.#leaving(this.#rolling.from, this.#spans.rollingS);
  }

  weeklyBuckets(nowTs: number): Iterable<Tokens & { readonly leavesTs: number }> {
    this.weekly(nowTs);
    return this.#leaving(this.#weekly.from, this.#spans.weeklyS);
  }

  /** New window lengths: what was already dropped stays dropped, the rest is summed again. */
  respan(spans: Spans): void {
    this.#spans = spans;
    this.#forgetSums();
  }

  #edges(): readonly Edge[] {
    return [this.#rolling, this.#weekly, this.#anchored];
  }

  #from(edge: Edge, fromTs: number, nowTs: number): WindowSum {
    edge.move(this.#buckets, fromTs);
    this.#prune(nowTs);
    return { ...edge.sum, oldestTs: this.#buckets[edge.from]?.firstTs ?? null };
  }

  *#leaving(from: number, spanS: number): Generator<Tokens & { readonly leavesTs: number }> {
    for (const bucket of this.#buckets.slice(from)) {
      yield { ...bucket, leavesTs: (bucket.minute + 1) * MINUTE_S + spanS };
    }
  }

  #bucketFor(minute: number, ts: number): Bucket {
    const newest = this.#buckets.at(-1);
    // A minute's jitter backwards is counted in the newest bucket.
    if (newest !== undefined && newest.minute >= minute) return newest;
    const bucket = { ...emptySum(), minute, firstTs: ts };
    this.#buckets.push(bucket);
    return bucket;
  }

  /** The clock was ahead and has been set back: what it put into the future has just happened. */
  #rewind(minute: number): void {
    const ahead = this.#buckets.findIndex((bucket) => bucket.minute > minute);
    const [first, ...rest] = this.#buckets.splice(ahead);
    if (first === undefined) return;
    const known = this.#buckets.at(-1)?.minute === minute ? this.#buckets.at(-1) : undefined;
    const into = known ?? { ...emptySum(), minute, firstTs: minute * MINUTE_S };
    if (known === undefined) this.#buckets.push(into);
    for (const bucket of [first, ...rest]) accumulate(into, bucket, 1);
    this.#forgetSums();
  }

  #forgetSums(): void {
    for (const edge of this.#edges()) edge.reset();
  }

  #prune(nowTs: number): void {
    const oldest = this.#buckets[0];
    const keepFrom = nowTs - Math.max(this.#spans.weeklyS, this.#spans.rollingS) - SLACK_S;
    if (oldest === undefined || (oldest.minute + 1) * MINUTE_S > keepFrom) return;
    let gone = 0;
    while (gone < this.#buckets.length && ((this.#buckets[gone]?.minute ?? 0) + 1) * MINUTE_S <= keepFrom) gone += 1;
    for (const edge of this.#edges()) {
      // An edge nobody has moved lately still counts what goes now.
      if (edge.from < gone) edge.move(this.#buckets, keepFrom);
      edge.from -= gone;
    }
    this.#buckets.splice(0, gone);
  }
}

/** The sum of all buckets from an edge on. */
class Edge {
  from = 0;
  readonly sum = emptySum();
  #ts = -Infinity;
  #fresh = true;

  /** Forgets the sum; the next move makes it anew. */
  reset(): void {
    this.#fresh = true;
  }

  move(buckets: readonly Bucket[], ts: number): void {
    if (this.#fresh || ts < this.#ts) {
      Object.assign(this.sum, emptySum());
      for (const bucket of buckets) accumulate(this.sum, bucket, 1);
      this.from = 0;
      this.#fresh = false;
    }
    this.#ts = ts;
    for (let bucket = buckets[this.from]; bucket && (bucket.minute + 1) * MINUTE_S <= ts; bucket = buckets[this.from]) {
      accumulate(this.sum, bucket, -1);
      this.from += 1;
    }
  }
}

interface Sum {
  input: number;
  output: number;
  cacheWrite: number;
  cacheRead: number;
  dirtyS: number;
  count: number;
}

interface Bucket extends Sum {
  readonly minute: number;
  firstTs: number;
}

function emptySum(): Sum {
  return { input: 0, output: 0, cacheWrite: 0, cacheRead: 0, dirtyS: 0, count: 0 };
}

function accumulate(sum: Sum, part: Readonly<Sum>, sign: 1 | -1): void {
  sum.input += sign * part.input;
  sum.output += sign * part.output;
  sum.cacheWrite += sign * part.cacheWrite;
  sum.cacheRead += sign * part.cacheRead;
  sum.dirtyS += sign * part.dirtyS;
  sum.count += sign * part.count;
}
