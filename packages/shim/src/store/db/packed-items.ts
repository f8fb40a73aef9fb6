import type { BatchItem } from './batch-writer.ts';
import { ItemColumns } from './item-columns.ts';
import { ItemRows } from './item-rows.ts';

/** So many at the front are left where they are, though they are forgotten. */
const LEAST_MOVED = 1_000;

/**
 * Items that wait, or may have to be written once more, outside of V8's heap: as objects they outlive several rounds of
 * its garbage collector, which then costs more than writing them.
 */
export class PackedItems {
  readonly #columns = new ItemColumns();
  #from = 0;

  get length(): number {
    return this.#columns.length - this.#from;
  }

  push(item: BatchItem): void {
    this.#columns.push(item);
  }

  /** Some items in their order, until the next one is removed. */
  rows(from: number, to: number): ItemRows {
    return new ItemRows(this.#columns, this.#from + from, this.#from + Math.min(to, this.length));
  }

  /** Forgets some items. */
  remove(from: number, count: number): void {
    const gone = Math.min(count, this.length - from);
    if (from > 0) {
      this.#columns.remove(this.#from + from, gone);
      return;
    }
    this.#from += gone;
    if (this.length > 0 && (this.#from <= this.length || this.#from <= LEAST_MOVED)) return;
    this.#columns.remove(0, this.#from);
    this.#from = 0;
  }
}
