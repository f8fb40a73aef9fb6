import type { DecisionForm } from '../../exchange.ts';
import type { BatchItem, FormedDecision, WholeDecision } from './batch-writer.ts';
import { isAlike, type MinuteDelta, type Sample } from './sample.ts';

/** Numbers of an item: its own of the sample, those of the minute, and where its texts and its kind are. */
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
const KIND = 17;
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

type Mutable<T> = { -readonly [Field in keyof T]: T[Field] };

/** An item whose fields take the values of one after the other. */
export interface MutableItem {
  readonly sample: Mutable<Sample>;
  readonly minute: Mutable<MinuteDelta> | null;
  readonly decision: Mutable<FormedDecision> | Mutable<WholeDecision> | null;
}

/** What many items in a row have in common. Of the sample only such values are looked at. */
export interface ItemKind {
  readonly sample: Sample;
  readonly minute: MinuteDelta | null;
  /** Null: the decision is kept whole, or there is none. */
  readonly form: DecisionForm | null;
  readonly hasWholeDecision: boolean;
}

const LEAST_ITEMS = 256;
const LEAST_TEXT = 32 * 1024;
/** Items whose room is kept. */
const MOST_KEPT = 16 * 1024;

/** Far more than models, lanes and agents that are busy at one time. */
const MOST_LOOKED_AT = 16;

/** UTF-8 needs at most this many bytes for one UTF-16 unit. */
const MOST_BYTES_PER_UNIT = 3;

/** Items as numbers and bytes, outside of V8's heap. What many have in common is kept once. */
export class ItemColumns {
  #numbers = new Float64Array(NUMBERS * LEAST_ITEMS);
  #texts = Buffer.allocUnsafeSlow(LEAST_TEXT);
  #textEnd = 0;
  #length = 0;
  #moves = 0;
  #kinds: ItemKind[] = [];

  get length(): number {
    return this.#length;
  }

  /** Counts up when items go to other places: who remembers places has to forget them. */
  get moves(): number {
    return this.#moves;
  }

  push(item: BatchItem): void {
    const place = this.#length;
    if ((place + 1) * NUMBERS > this.#numbers.length) this.#numbers = resized(this.#numbers, 2 * this.#numbers.length);
    this.#length += 1;
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
    numbers[at + KIND] = this.#kindFor(item);
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

  /** Forgets some; those behind them move up. */
  remove(from: number, count: number): void {
    if (count <= 0) return;
    this.#moves += 1;
    const textFrom = this.#textAt(from);
    const textTo = this.#textAt(from + count);
    this.#numbers.copyWithin(from * NUMBERS, (from + count) * NUMBERS, this.#length * NUMBERS);
    this.#length -= count;
    this.#texts.copyWithin(textFrom, textTo, this.#textEnd);
    this.#textEnd -= textTo - textFrom;
    for (let place = from; place < this.#length; place += 1)
      this.#numbers[place * NUMBERS + TEXT_AT] = this.#textAt(place) - (textTo - textFrom);
    this.#dropKinds();
    this.#giveBack();
  }

  #textAt(place: number): number {
    return place < this.#length ? (this.#numbers[place * NUMBERS + TEXT_AT] ?? 0) : this.#textEnd;
  }

  /** Those nobody is of any more. */
  #dropKinds(): void {
    const kinds: ItemKind[] = [];
    const indexOf = new Map<ItemKind, number>();
    for (let place = 0; place < this.#length; place += 1) {
      const kind = this.kindOf(place);
      let index = indexOf.get(kind);
      if (index === undefined) indexOf.set(kind, (index = kinds.push(kind) - 1));
      this.#numbers[place * NUMBERS + KIND] = index;
    }
    this.#kinds = kinds;
  }

  /** What a long wait has taken. */
  #giveBack(): void {
    const room = this.#numbers.length / NUMBERS;
    if (room <= MOST_KEPT || this.#length > room / 4) return;
    this.#numbers = resized(this.#numbers, NUMBERS * Math.max(LEAST_ITEMS, 2 * this.#length));
    const texts = Buffer.allocUnsafeSlow(Math.max(LEAST_TEXT, 2 * this.#textEnd));
    this.#texts.copy(texts, 0, 0, this.#textEnd);
    this.#texts = texts;
  }

  /** The same object for all that have it in common; two that are equal may be kept of items far apart. */
  kindOf(place: number): ItemKind {
    const kind = this.#kinds[this.#numbers[place * NUMBERS + KIND] ?? NaN];
    if (kind === undefined) throw new Error('an item has lost what it shares');
    return kind;
  }

  /** Puts what is an item's own into another one of its kind. */
  read(place: number, { sample, minute, decision }: MutableItem): void {
    const numbers = this.#numbers;
    const at = place * NUMBERS;
    const ttftMs = numbers[at + TTFT_MS] ?? NaN;
    sample.rid = this.#text(place, 0, RID_BYTES) ?? '';
    sample.requestId = this.#text(place, this.#bytes(place, RID_BYTES), ID_BYTES);
    sample.ts = numbers[at + TS] ?? NaN;
    sample.inputTokens = numbers[at + INPUT] ?? NaN;
    sample.outputTokens = numbers[at + OUTPUT] ?? NaN;
    sample.cacheWriteTokens = numbers[at + CACHE_WRITE] ?? NaN;
    sample.cacheReadTokens = numbers[at + CACHE_READ] ?? NaN;
    sample.dirtyS = numbers[at + DIRTY_S] ?? NaN;
    sample.streamS = numbers[at + STREAM_S] ?? NaN;
    sample.ttftMs = Number.isNaN(ttftMs) ? null : ttftMs;
    if (minute !== null) {
      minute.minute = numbers[at + MINUTE] ?? NaN;
      minute.firstTs = numbers[at + FIRST_TS] ?? NaN;
      minute.input = numbers[at + FIRST_TS + 1] ?? NaN;
      minute.output = numbers[at + FIRST_TS + 2] ?? NaN;
      minute.cacheWrite = numbers[at + FIRST_TS + 3] ?? NaN;
      minute.cacheRead = numbers[at + FIRST_TS + 4] ?? NaN;
      minute.dirtyS = numbers[at + FIRST_TS + 5] ?? NaN;
      minute.count = numbers[at + FIRST_TS + 6] ?? NaN;
    }
    if (decision?.form) {
      decision.rollingUsed = numbers[at + ROLLING_USED] ?? NaN;
      decision.weeklyUsed = numbers[at + WEEKLY_USED] ?? NaN;
      decision.pending = numbers[at + PENDING] ?? NaN;
      decision.need = numbers[at + NEED] ?? NaN;
    } else if (decision !== null) {
      const skipped = this.#bytes(place, RID_BYTES) + this.#bytes(place, ID_BYTES);
      decision.json = this.#text(place, skipped, DECISION_BYTES) ?? '';
    }
  }

  #text(place: number, skipped: number, column: number): string | null {
    const size = this.#numbers[place * NUMBERS + column] ?? -1;
    if (size < 0) return null;
    const from = (this.#numbers[place * NUMBERS + TEXT_AT] ?? 0) + skipped;
    return this.#texts.toString('utf8', from, from + size);
  }

  #bytes(place: number, column: number): number {
    return Math.max(0, this.#numbers[place * NUMBERS + column] ?? 0);
  }

  /** Index of what the item has in common with others. */
  #kindFor({ sample, minute, decision }: BatchItem): number {
    const form = decision?.form ?? null;
    const hasWholeDecision = decision !== null && form === null;
    const kinds = this.#kinds;
    for (let index = kinds.length - 1; index >= Math.max(0, kinds.length - MOST_LOOKED_AT); index -= 1) {
      const one = kinds[index];
      if (
        one !== undefined &&
        one.form?.id === form?.id &&
        one.hasWholeDecision === hasWholeDecision &&
        isSameSeries(one.minute, minute) &&
        isAlike(one.sample, sample)
      )
        return index;
    }
    return kinds.push({ sample, minute, form, hasWholeDecision }) - 1;
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

function resized(numbers: Float64Array, length: number): Float64Array<ArrayBuffer> {
  const other = new Float64Array(length);
  other.set(numbers.subarray(0, length));
  return other;
}
