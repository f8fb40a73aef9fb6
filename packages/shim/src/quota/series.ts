import type { Tokens } from '../exchange.ts';
import { accumulate, emptySum, MinuteTable, type Minute } from './minute-table.ts';

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

/** Minutes outlive the week by this much: a clock that was up to a day ahead and is set right again has lost nothing. */
const SLACK_S = 86_400;
/** Old minutes go an hour's worth at a time. */
const PRUNE_ROWS = 60;

/**
 * Minute buckets of one lane and model, with running sums from moving edges.
 *
 * A bucket leaves a window when its whole minute is older than the window, so a sum never forgets a request early; it
 * may keep one up to 59 s longer. Reading costs as much as buckets have moved since the last reading, unless the clock
 * went backwards: then the sums are made anew from the buckets, and those of the future count as of now.
 */
export class Series {
  readonly lane: string;
  readonly model: string;
  readonly #minutes = new MinuteTable();
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
    if (this.#newest() > minute + 1) this.#rewind(minute);
    // A minute's jitter backwards is counted in the newest bucket.
    if (!(this.#newest() >= minute)) this.#minutes.append(minute, ts);
    const row = this.#minutes.length - 1;
    const { input, output, cacheWrite, cacheRead } = tokens;
    const one = { input, output, cacheWrite, cacheRead, dirtyS, count: 1 };
    this.#minutes.add(row, one);
    accumulate(this.#session, one);
    if (row >= this.#rolling.from) accumulate(this.#rolling.sum, one);
    if (row >= this.#weekly.from) accumulate(this.#weekly.sum, one);
    if (row >= this.#anchored.from) accumulate(this.#anchored.sum, one);
    return this.#minutes.minuteAt(row);
  }

  /**
   * Puts back what was counted before; it is no part of this session. Of two accounts of one minute the one that knows
   * more requests is taken: both are of the same requests.
   */
  restore(minutes: readonly Minute[]): void {
    if (this.#minutes.length === 0 && minutes.every((one, at) => one.minute > (minutes[at - 1]?.minute ?? -Infinity))) {
      for (const minute of minutes) this.#append(minute);
      return this.#forgetSums();
    }
    const own = this.minutes();
    const byMinute = new Map<number, Minute>();
    for (const minute of [...own, ...minutes]) {
      if (minute.count > (byMinute.get(minute.minute)?.count ?? 0)) byMinute.set(minute.minute, minute);
    }
    this.#minutes.dropFrom(0);
    for (const minute of [...byMinute.values()].toSorted((a, b) => a.minute - b.minute)) this.#append(minute);
    this.#forgetSums();
  }

  #append(minute: Minute): void {
    this.#minutes.append(minute.minute, minute.firstTs);
    this.#minutes.add(this.#minutes.length - 1, minute);
  }

  /** Every minute that is known of, oldest first. */
  minutes(): readonly Minute[] {
    return Array.from({ length: this.#minutes.length }, (_, row) => this.#minutes.at(row));
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
    const { input, output, cacheWrite, cacheRead, dirtyS, count } = this.#session;
    return { input, output, cacheWrite, cacheRead, dirtyS, count, oldestTs: null };
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

  /** The newest minute; NaN without any. */
  #newest(): number {
    return this.#minutes.length === 0 ? NaN : this.#minutes.minuteAt(this.#minutes.length - 1);
  }

  #from(edge: Edge, fromTs: number, nowTs: number): WindowSum {
    // A lane that is closed adds nothing: it would stay closed until the future has come and gone.
    const minute = Math.floor(nowTs / MINUTE_S);
    if (this.#newest() > minute + 1) this.#rewind(minute);
    edge.move(this.#minutes, fromTs);
    this.#prune(nowTs);
    const oldestTs = edge.from < this.#minutes.length ? this.#minutes.firstTsAt(edge.from) : null;
    const { input, output, cacheWrite, cacheRead, dirtyS, count } = edge.sum;
    return { input, output, cacheWrite, cacheRead, dirtyS, count, oldestTs };
  }

  *#leaving(from: number, spanS: number): Generator<Tokens & { readonly leavesTs: number }> {
    for (let row = from; row < this.#minutes.length; row += 1) {
      const bucket = this.#minutes.at(row);
      yield { ...bucket, leavesTs: (bucket.minute + 1) * MINUTE_S + spanS };
    }
  }

  /** The clock was ahead and has been set back: what it put into the future has just happened. */
  #rewind(minute: number): void {
    let ahead = this.#minutes.length;
    const sum = emptySum();
    while (ahead > 0 && this.#minutes.minuteAt(ahead - 1) > minute) {
      ahead -= 1;
      this.#minutes.addTo(sum, ahead, 1);
    }
    this.#minutes.dropFrom(ahead);
    if (this.#newest() !== minute) this.#minutes.append(minute, minute * MINUTE_S);
    this.#minutes.add(this.#minutes.length - 1, sum);
    this.#forgetSums();
  }

  #forgetSums(): void {
    for (const edge of [this.#rolling, this.#weekly, this.#anchored]) edge.reset();
  }

  #prune(nowTs: number): void {
    const keepFrom = nowTs - Math.max(this.#spans.weeklyS, this.#spans.rollingS) - SLACK_S;
    const isOld = (row: number): boolean => (this.#minutes.minuteAt(row) + 1) * MINUTE_S <= keepFrom;
    let gone = Math.min(PRUNE_ROWS, this.#minutes.length);
    if (gone === 0 || !isOld(gone - 1)) return;
    while (gone < this.#minutes.length && isOld(gone)) gone += 1;
    for (const edge of [this.#rolling, this.#weekly, this.#anchored]) {
      // An edge nobody has moved lately still counts what goes now.
      if (edge.from < gone) edge.move(this.#minutes, keepFrom);
      edge.from -= gone;
    }
    this.#minutes.dropBefore(gone);
  }
}

/** The sum of all minutes from an edge on. */
class Edge {
  from = 0;
  readonly sum = emptySum();
  #ts = -Infinity;
  #fresh = true;

  /** Forgets the sum; the next move makes it anew. */
  reset(): void {
    this.#fresh = true;
  }

  move(minutes: MinuteTable, ts: number): void {
    if (this.#fresh || ts < this.#ts) {
      this.from = minutes.firstFrom(Math.floor(ts / MINUTE_S));
      Object.assign(this.sum, emptySum());
      for (let row = this.from; row < minutes.length; row += 1) minutes.addTo(this.sum, row, 1);
      this.#fresh = false;
    }
    this.#ts = ts;
    while (this.from < minutes.length && (minutes.minuteAt(this.from) + 1) * MINUTE_S <= ts) {
      minutes.addTo(this.sum, this.from, -1);
      this.from += 1;
    }
  }
}
