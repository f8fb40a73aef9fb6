import type { BatchItem, BatchWriter } from './batch-writer.ts';
import type { ItemRows } from './item-rows.ts';
import { PackedItems } from './packed-items.ts';
import type { HeldItems } from './salvage.ts';
import { sqliteFailure } from './sqlite-failure.ts';

export interface Written {
  /** Samples that were new. */
  readonly rows: number;
  /** What is on disk now; to be looked at until anything else happens to the queue. */
  readonly items: ItemRows;
}

/**
 * What waits to be written, in order; what was written a moment ago to a file that may turn out to be deleted or
 * damaged; and the documents that a new file needs.
 */
export class WriteQueue implements HeldItems {
  /** Items lost: too many waited, or SQLite will never take them. */
  dropped = 0;
  /** First those that were written since anybody looked whether the file is still there, then those that wait. */
  readonly #items = new PackedItems();
  #written = 0;
  readonly #held = new PackedItems();
  /** The last one of each name, whether it is on disk or not. */
  readonly #knownStates = new Map<string, unknown>();
  readonly #knownConfigs = new Map<string, string>();
  readonly #states = new Map<string, unknown>();
  readonly #configs = new Map<string, string>();
  readonly #mostItems: number;

  constructor(mostItems: number) {
    this.#mostItems = mostItems;
  }

  get length(): number {
    return this.#items.length - this.#written;
  }

  /** All that is not known to be on disk. */
  get waiting(): number {
    return this.length + this.#held.length;
  }

  get isEmpty(): boolean {
    return this.length === 0 && this.#states.size === 0 && this.#configs.size === 0;
  }

  /** So much went out since anybody looked whether the file is still there that one should look. */
  get mustCheck(): boolean {
    return this.#written > MOST_UNCHECKED;
  }

  push(item: BatchItem): void {
    this.#items.push(item);
    if (this.length > this.#mostItems) this.#shrink();
  }

  putState(name: string, value: unknown): void {
    this.#states.set(name, value);
    this.#knownStates.set(name, value);
  }

  putConfig(id: string, json: string): void {
    this.#configs.set(id, json);
    this.#knownConfigs.delete(id);
    this.#knownConfigs.set(id, json);
    if (this.#knownConfigs.size <= MOST_CONFIGS) return;
    const [oldest] = this.#knownConfigs.keys();
    if (oldest !== undefined) this.#knownConfigs.delete(oldest);
  }

  /**
   * The oldest items and all documents, in one transaction. They leave the queue when they are on disk; until then an
   * error leaves it as it was. An item that SQLite will never take is left out, so that it can't hold up the others.
   */
  write(writer: BatchWriter, mostItems: number, nowTs: number): Written {
    const items = this.#items.rows(this.#written, this.#written + mostItems);
    const states = this.#statesAsJson();
    const configs = new Map(this.#configs);
    const values = new Map(this.#states);
    let rows: number;
    try {
      rows = writer.write({ items, states, configs, nowTs });
    } catch (error) {
      if (sqliteFailure(error).kind !== 'row') throw error;
      return this.#writeOneByOne(writer, items.length, nowTs);
    }
    this.#written += items.length;
    for (const [name, value] of values) if (this.#states.get(name) === value) this.#states.delete(name);
    for (const [id, json] of configs) if (this.#configs.get(id) === json) this.#configs.delete(id);
    return { rows, items };
  }

  /** The file is still there: what was written to it is in it. */
  trustWritten(): void {
    this.#items.remove(0, this.#written);
    this.#written = 0;
  }

  /** The file was not there any more: what was written since somebody last looked is written again. */
  takeBack(): void {
    this.#written = 0;
    this.#putKnown();
  }

  /** The file is damaged: what was written since somebody last looked may be read back from it, or not. */
  hold(): void {
    const rows = this.#items.rows(0, this.#written);
    for (let nth = 0; nth < rows.length; nth += 1) this.#held.push(rows.copy(nth));
    this.trustWritten();
    this.#putKnown();
  }

  next(): ItemRows {
    return this.#held.rows(0, HELD_AT_ONCE);
  }

  written(items: ItemRows): void {
    this.#held.remove(0, items.length);
  }

  /**
   * Nothing will be read back, now or any more. If the file is the same after all they are there; if sums were read
   * back and samples not, sums know them.
   */
  writeHeld(writer: BatchWriter, nowTs: number): void {
    for (let items = this.next(); items.length > 0; items = this.next()) {
      try {
        writer.write({ items, states: NONE, configs: NONE, nowTs }, 'samples_only');
      } catch (error) {
        if (sqliteFailure(error).kind !== 'row') throw error;
        this.dropped += items.length;
      }
      this.written(items);
    }
  }

  /** A new file has none of them, and some are only ever put once. */
  #putKnown(): void {
    for (const [name, value] of this.#knownStates) this.#states.set(name, value);
    for (const [id, json] of this.#knownConfigs) this.#configs.set(id, json);
  }

  /** Documents wait for the next batch, and so does what an error of another kind leaves. */
  #writeOneByOne(writer: BatchWriter, count: number, nowTs: number): Written {
    const from = this.#written;
    let rows = 0;
    for (let left = count; left > 0; left -= 1) {
      const items = this.#items.rows(this.#written, this.#written + 1);
      try {
        rows += writer.write({ items, states: NONE, configs: NONE, nowTs });
        this.#written += 1;
      } catch (error) {
        if (sqliteFailure(error).kind !== 'row') {
          if (this.#written === from) throw error;
          break;
        }
        this.dropped += 1;
        this.#items.remove(this.#written, 1);
      }
    }
    return { rows, items: this.#items.rows(from, this.#written) };
  }

  /** The oldest go, some at a time: taking one off a long list for each new one would cost more than writing it. */
  #shrink(): void {
    const count = Math.ceil(this.#mostItems / 100);
    this.#items.remove(this.#written, count);
    this.dropped += count;
  }

  #statesAsJson(): Map<string, string> {
    const texts = new Map<string, string>();
    for (const [name, value] of this.#states) {
      try {
        texts.set(name, JSON.stringify(value) ?? 'null');
      } catch {
        // No JSON can be made of it, now or later.
        this.#states.delete(name);
        this.#knownStates.delete(name);
      }
    }
    return texts;
  }
}

const NONE: ReadonlyMap<string, string> = new Map();
/** So few that the memory they lie in stays in the processor's caches; to look takes microseconds. */
const MOST_UNCHECKED = 1_000;
const HELD_AT_ONCE = 100;
/** Of a server whose configuration changes by the minute the newest will do. */
const MOST_CONFIGS = 100;
