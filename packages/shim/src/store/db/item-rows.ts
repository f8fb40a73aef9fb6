import type { BatchItem } from './batch-writer.ts';
import { ItemColumns, type ItemKind, type MutableItem } from './item-columns.ts';
import type { MinuteDelta } from './sample.ts';

/** Items in a row, to be looked at one after the other without an object for each. */
export class ItemRows {
  readonly length: number;
  readonly #columns: ItemColumns;
  readonly #from: number;
  readonly #moves: number;
  #kind: ItemKind | null = null;
  #looked: MutableItem | null = null;

  /** Good until items are removed from the columns: whoever looks after that gets an error, not other items. */
  constructor(columns: ItemColumns, from: number, to: number) {
    this.length = Math.max(0, to - from);
    this.#columns = columns;
    this.#from = from;
    this.#moves = columns.moves;
  }

  static of(items: Iterable<BatchItem>): ItemRows {
    const columns = new ItemColumns();
    for (const item of items) columns.push(item);
    return new ItemRows(columns, 0, columns.length);
  }

  /** Which of them are of one kind, kind by kind. */
  byKind(): Map<ItemKind, number[]> {
    const kinds = new Map<ItemKind, number[]>();
    let before: ItemKind | null = null;
    let places: number[] = [];
    for (let nth = 0; nth < this.length; nth += 1) {
      const kind = this.#columns.kindOf(this.#place(nth));
      // Nearly always the same as the one before.
      if (kind !== before) {
        before = kind;
        places = kinds.get(kind) ?? [];
        kinds.set(kind, places);
      }
      places.push(nth);
    }
    return kinds;
  }

  /** The nth, in an object that is another one after the next call: look at it and let it go. */
  look(nth: number): BatchItem {
    const place = this.#place(nth);
    const kind = this.#columns.kindOf(place);
    if (kind !== this.#kind || this.#looked === null) this.#looked = emptyOf((this.#kind = kind));
    this.#columns.read(place, this.#looked);
    return this.#looked;
  }

  /** The nth, to be kept. */
  copy(nth: number): BatchItem {
    this.#looked = null;
    const item = this.look(nth);
    this.#looked = null;
    return item;
  }

  #place(nth: number): number {
    if (this.#moves !== this.#columns.moves) throw new Error('items have moved since they were asked for');
    return this.#from + nth;
  }

  /** The request ids of our own. */
  rids(): string[] {
    return Array.from({ length: this.length }, (_, nth) => this.look(nth).sample.rid);
  }
}

/** Named one by one: an object made by spreading another one has a shape of its own each time, which is slow to look at. */
function emptyOf({ sample, minute, form, hasWholeDecision }: ItemKind): MutableItem {
  const formed = form && { form, rollingUsed: NaN, weeklyUsed: NaN, pending: NaN, need: NaN };
  return {
    sample: {
      ts: NaN,
      rid: '',
      epoch: sample.epoch,
      model: sample.model,
      lane: sample.lane,
      op: sample.op,
      inputTokens: NaN,
      outputTokens: NaN,
      cacheWriteTokens: NaN,
      cacheReadTokens: NaN,
      usageKnown: sample.usageKnown,
      dirtyS: NaN,
      streamS: NaN,
      ttftMs: null,
      status: sample.status,
      ended: sample.ended,
      errType: sample.errType,
      decision: sample.decision,
      rerouteMode: sample.rerouteMode,
      warnPctAuto: sample.warnPctAuto,
      gapSecondsP50: sample.gapSecondsP50,
      gapSecondsP95: sample.gapSecondsP95,
      gapSamples: sample.gapSamples,
      upstream: sample.upstream,
      h2: sample.h2,
      headerMode: sample.headerMode,
      requestId: null,
      sessionId: sample.sessionId,
      agentId: sample.agentId,
    },
    minute: minute && emptyMinuteOf(minute),
    decision: formed ?? (hasWholeDecision ? { form: null, json: '' } : null),
  };
}

function emptyMinuteOf({ lane, model }: MinuteDelta): MutableItem['minute'] {
  return {
    lane,
    model,
    minute: NaN,
    firstTs: NaN,
    input: NaN,
    output: NaN,
    cacheWrite: NaN,
    cacheRead: NaN,
    dirtyS: NaN,
    count: NaN,
  };
}
