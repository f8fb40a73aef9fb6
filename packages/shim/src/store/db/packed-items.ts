import type { DecisionForm } from '../../exchange.ts';
import type { BatchItem, FormedDecision } from './batch-writer.ts';
import { isAlike, type MinuteDelta, type Sample } from './sample.ts';

/** Numbers of an item: its own of the sample, those of the minute, and where its texts and what it shares are. */
const TS = 0;
const INPUT = 1;
const OUTPUT = 2;
const CACHE_WRITE = 3;
const CACHE_READ = 4;
const DIRTY_S = 5;
const STREAM_S = 6;
/** NaN: none. */
const TTFT_MS = 7;
const MINUTE = 8;
/** Then the other numbers of the minute, in the order of `putMinute`. */
const FIRST_TS = 9;
const SHARED = 17;
const TEXT_AT = 18;
const RID_BYTES = 19;
/** Below 0: there is no request id. */
const ID_BYTES = 20;
/** How the quota stood, where the decision has a form. */
const ROLLING_USED = 21;
const WEEKLY_USED = 22;
const PENDING = 23;
const NEED = 24;
/** Of a decision that is kept whole. Below 0: it is not. */
const DECISION_BYTES = 25;
const NUMBERS = 26;

/** What many items in a row have in common. Of the sample only such values are looked at. */
interface Shared {
  readonly sample: Sample;
  readonly minute: MinuteDelta | null;
  readonly form: DecisionForm | null;
}

const LEAST_ITEMS = 256;
const LEAST_TEXT = 32 * 1024;
/** Items whose room is kept. */
const MOST_KEPT = 16 * 1024;

/** Far more than models, lanes and agents that are busy at one time. */
const MOST_LOOKED_AT = 16;

/**
 * Items that wait, or may have to be written once more, outside of V8's heap: as objects they outlive several rounds of
 * its garbage collector, which then costs more than writing them.
 */
export class PackedItems {
  #numbers = new Float64Array(NUMBERS * LEAST_ITEMS);
  #texts = Buffer.allocUnsafeSlow(LEAST_TEXT);
  #textEnd = 0;
  #from = 0;
  #to = 0;
  #shared: Shared[] = [];

  get length(): number {
    return this.#to - this.#from;
  }

  push(item: BatchItem): void {
    const place = this.#to;
    if ((place + 1) * NUMBERS > this.#numbers.length) this.#numbers = doubled(this.#numbers);
    this.#to += 1;
    const { sample, minute, decision } = item;
    const numbers = this.#numbers;
    const at = place * NUMBERS;
    numbers[at + TS] = sample.ts;
    numbers[at + INPUT] = sample.inputTokens;
    numbers[at + OUTPUT] = sample.outputTokens;
    numbers[at + CACHE_WRITE] = sample.cacheWriteTokens;
    numbers[at + CACHE_READ] = sample.cacheReadTokens;
    numbers[at + DIRTY_S] = sample.dirtyS;
    numbers[at + STREAM_S] = sample.streamS;
    numbers[at + TTFT_MS] = sample.ttftMs ?? NaN;
    if (minute !== null) putMinute(numbers, at, minute);
    numbers[at + SHARED] = this.#sharedWith(item);
    numbers[at + TEXT_AT] = this.#textEnd;
    numbers[at + RID_BYTES] = this.#putText(sample.rid);
    numbers[at + ID_BYTES] = sample.requestId === null ? -1 : this.#putText(sample.requestId);
    numbers[at + DECISION_BYTES] = decision === null || decision.form ? -1 : this.#putText(decision.json);
    if (!decision?.form) return;
    numbers[at + ROLLING_USED] = decision.rollingUsed;
    numbers[at + WEEKLY_USED] = decision.weeklyUsed;
    numbers[at + PENDING] = decision.pending;
    numbers[at + NEED] = decision.need;
  }

  /** Some items in their order, made anew. */
  slice(from: number, to: number): BatchItem[] {
    const last = Math.min(to, this.length);
    const items: BatchItem[] = [];
    for (let place = this.#from + from; place < this.#from + last; place += 1) items.push(this.#itemAt(place));
    return items;
  }

  /** Forgets some items. */
  remove(from: number, count: number): void {
    if (from === 0) {
      this.#from = Math.min(this.#from + count, this.#to);
      if (this.#from === this.#to) this.#clear();
      else if (this.#from > this.#to - this.#from && this.#from > LEAST_MOVED)
        this.#rebuild(this.slice(0, this.length));
      return;
    }
    this.#rebuild([...this.slice(0, from), ...this.slice(from + count, this.length)]);
  }

  #clear(): void {
    this.#from = 0;
    this.#to = 0;
    this.#textEnd = 0;
    this.#shared = [];
    // What a long wait has taken is given back.
    if (this.#numbers.length > NUMBERS * MOST_KEPT) {
      this.#numbers = new Float64Array(NUMBERS * LEAST_ITEMS);
      this.#texts = Buffer.allocUnsafeSlow(LEAST_TEXT);
    }
  }

  #rebuild(items: readonly BatchItem[]): void {
    this.#clear();
    for (const item of items) this.push(item);
  }

  #itemAt(place: number): BatchItem {
    const numbers = this.#numbers;
    const at = place * NUMBERS;
    const number = (column: number): number => numbers[at + column] ?? NaN;
    const shared = this.#shared[number(SHARED)];
    if (shared === undefined) throw new Error('an item has lost what it shares');
    const { sample: common, minute, form } = shared;
    const ttftMs = number(TTFT_MS);
    let textAt = number(TEXT_AT);
    const text = (bytes: number): string => this.#texts.toString('utf8', textAt, (textAt += bytes));
    const rid = text(number(RID_BYTES));
    const requestId = number(ID_BYTES) < 0 ? null : text(number(ID_BYTES));
    const whole = number(DECISION_BYTES) < 0 ? null : { form: null, json: text(number(DECISION_BYTES)) };
    const ts = number(TS);
    const sample: Sample = {
      ts,
      rid,
      epoch: common.epoch,
      model: common.model,
      lane: common.lane,
      op: common.op,
      inputTokens: number(INPUT),
      outputTokens: number(OUTPUT),
      cacheWriteTokens: number(CACHE_WRITE),
      cacheReadTokens: number(CACHE_READ),
      usageKnown: common.usageKnown,
      dirtyS: number(DIRTY_S),
      streamS: number(STREAM_S),
      ttftMs: Number.isNaN(ttftMs) ? null : ttftMs,
      status: common.status,
      ended: common.ended,
      errType: common.errType,
      decision: common.decision,
      rerouteMode: common.rerouteMode,
      warnPctAuto: common.warnPctAuto,
      gapSecondsP50: common.gapSecondsP50,
      gapSecondsP95: common.gapSecondsP95,
      gapSamples: common.gapSamples,
      upstream: common.upstream,
      h2: common.h2,
      headerMode: common.headerMode,
      requestId,
      sessionId: common.sessionId,
      agentId: common.agentId,
    };
    return {
      sample,
      minute: minute === null ? null : minuteAt(numbers, at, minute),
      decision: form === null ? whole : formedAt(numbers, at, form),
    };
  }

  /** Index of what the item shares with others. */
  #sharedWith({ sample, minute, decision }: BatchItem): number {
    const form = decision?.form ?? null;
    const shared = this.#shared;
    for (let index = shared.length - 1; index >= Math.max(0, shared.length - MOST_LOOKED_AT); index -= 1) {
      const one = shared[index];
      if (
        one !== undefined &&
        one.form?.id === form?.id &&
        isSameSeries(one.minute, minute) &&
        isAlike(one.sample, sample)
      )
        return index;
    }
    return shared.push({ sample, minute, form }) - 1;
  }

  /** @returns its length in bytes */
  #putText(text: string): number {
    const most = text.length * MOST_BYTES_PER_UNIT;
    if (this.#textEnd + most > this.#texts.length) {
      const larger = Buffer.allocUnsafeSlow(2 * this.#texts.length + most);
      this.#texts.copy(larger, 0, 0, this.#textEnd);
      this.#texts = larger;
    }
    const bytes = this.#texts.write(text, this.#textEnd);
    this.#textEnd += bytes;
    return bytes;
  }
}

/** UTF-8 needs at most this many bytes for one UTF-16 unit. */
const MOST_BYTES_PER_UNIT = 3;
/** So few at the front are left where they are. */
const LEAST_MOVED = 1_000;

function formedAt(numbers: Float64Array, at: number, form: DecisionForm): FormedDecision {
  const number = (column: number): number => numbers[at + column] ?? NaN;
  return {
    form,
    rollingUsed: number(ROLLING_USED),
    weeklyUsed: number(WEEKLY_USED),
    pending: number(PENDING),
    need: number(NEED),
  };
}

function isSameSeries(a: MinuteDelta | null, b: MinuteDelta | null): boolean {
  if (a === null || b === null) return a === b;
  return a.lane === b.lane && a.model === b.model;
}

function putMinute(numbers: Float64Array, at: number, minute: MinuteDelta): void {
  numbers[at + MINUTE] = minute.minute;
  numbers[at + FIRST_TS] = minute.firstTs;
  numbers[at + FIRST_TS + 1] = minute.input;
  numbers[at + FIRST_TS + 2] = minute.output;
  numbers[at + FIRST_TS + 3] = minute.cacheWrite;
  numbers[at + FIRST_TS + 4] = minute.cacheRead;
  numbers[at + FIRST_TS + 5] = minute.dirtyS;
  numbers[at + FIRST_TS + 6] = minute.count;
}

function minuteAt(numbers: Float64Array, at: number, { lane, model }: MinuteDelta): MinuteDelta {
  const number = (column: number): number => numbers[at + column] ?? NaN;
  return {
    lane,
    model,
    minute: number(MINUTE),
    firstTs: number(FIRST_TS),
    input: number(FIRST_TS + 1),
    output: number(FIRST_TS + 2),
    cacheWrite: number(FIRST_TS + 3),
    cacheRead: number(FIRST_TS + 4),
    dirtyS: number(FIRST_TS + 5),
    count: number(FIRST_TS + 6),
  };
}

function doubled(numbers: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(2 * numbers.length);
  larger.set(numbers);
  return larger;
}
