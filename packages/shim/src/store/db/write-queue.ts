import type { BatchItem, BatchWriter } from './batch-writer.ts';
import { sqliteFailure } from './sqlite-failure.ts';

export interface Written {
  /** Samples that were new. */
  readonly rows: number;
  /** What is on disk now. */
  readonly items: readonly BatchItem[];
}

/**
 * What waits to be written, in order, and what was written a moment ago to a file that may turn out to be deleted.
 */
export class WriteQueue {
  /** Items lost: too many waited, or SQLite will never take them. */
  dropped = 0;
  #items: BatchItem[] = [];
  #written: BatchItem[] = [];
  readonly #states = new Map<string, unknown>();
  readonly #configs = new Map<string, string>();
  readonly #mostItems: number;

  constructor(mostItems: number) {
    this.#mostItems = mostItems;
  }

  get length(): number {
    return this.#items.length;
  }

  get isEmpty(): boolean {
    return this.#items.length === 0 && this.#states.size === 0 && this.#configs.size === 0;
  }

  /** So much went out since anybody looked whether the file is still there that one should look. */
  get mustCheck(): boolean {
    return this.#written.length > MOST_UNCHECKED;
  }

  push(item: BatchItem): void {
    this.#items.push(item);
    if (this.#items.length > this.#mostItems) this.#shrink();
  }

  putState(name: string, value: unknown): void {
    this.#states.set(name, value);
  }

  putConfig(id: string, json: string): void {
    this.#configs.set(id, json);
  }

  /**
   * The oldest items and all documents, in one transaction. They leave the queue when they are on disk; until then an
   * error leaves it as it was. An item that SQLite will never take is left out, so that it can't hold up the others.
   */
  write(writer: BatchWriter, mostItems: number, nowTs: number): Written {
    const items = this.#items.slice(0, mostItems);
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
    this.#items.splice(0, items.length);
    for (const [name, value] of values) if (this.#states.get(name) === value) this.#states.delete(name);
    for (const [id, json] of configs) if (this.#configs.get(id) === json) this.#configs.delete(id);
    this.#written.push(...items);
    return { rows, items };
  }

  /** The file is still there: what was written to it is in it. */
  trustWritten(): void {
    this.#written = [];
  }

  /** The file was not there any more: what was written since somebody last looked is written again. */
  takeBack(): void {
    this.#items = [...this.#written, ...this.#items];
    this.#written = [];
  }

  /** Documents wait for the next batch, and so does what an error of another kind leaves. */
  #writeOneByOne(writer: BatchWriter, count: number, nowTs: number): Written {
    const items: BatchItem[] = [];
    let rows = 0;
    for (const item of this.#items.slice(0, count)) {
      try {
        rows += writer.write({ items: [item], states: NONE, configs: NONE, nowTs });
        items.push(item);
      } catch (error) {
        if (sqliteFailure(error).kind !== 'row') {
          if (items.length === 0) throw error;
          break;
        }
        this.dropped += 1;
      }
      this.#items.shift();
    }
    this.#written.push(...items);
    return { rows, items };
  }

  /** The oldest go, some at a time: taking one off a long list for each new one would cost more than writing it. */
  #shrink(): void {
    const count = Math.ceil(this.#mostItems / 100);
    this.#items.splice(0, count);
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
      }
    }
    return texts;
  }
}

const NONE: ReadonlyMap<string, string> = new Map();
/** About two seconds of a busy server. */
const MOST_UNCHECKED = 5_000;
