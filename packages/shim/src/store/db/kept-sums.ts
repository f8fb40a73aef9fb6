import type { OrderedSketch } from './ordered-sketch.ts';
import type { RollupNumbers } from './rollup-sums.ts';
import type { Database, Statement } from './sqlite.ts';

/** A row as it was written last. */
export interface KeptRow {
  readonly numbers: RollupNumbers;
  readonly ttft: OrderedSketch;
}

/** Every model of an hour and a day, on a server that has many. */
const MOST_ROWS = 400;

/**
 * The rows of sums a connection wrote last: reading them back for every transaction, sketches and all, would cost more
 * than adding to them. They hold as long as nobody else has written, here or in another process.
 */
export class KeptSums {
  readonly #rows = new Map<string, KeptRow>();
  readonly #ofOthers: Statement;
  readonly #own: Statement;
  #othersSeen: unknown = null;
  #ownSeen: unknown = null;

  constructor(db: Database) {
    this.#ofOthers = db.prepare('PRAGMA data_version');
    this.#own = db.prepare('SELECT total_changes() AS changes');
  }

  /** At the beginning of a transaction, when nobody else can write any more. */
  begin(): void {
    const others = this.#ofOthers.get()?.['data_version'];
    const own = this.#own.get()?.['changes'];
    if (others !== this.#othersSeen || own !== this.#ownSeen) this.#rows.clear();
    this.#othersSeen = others;
  }

  /** At its end. */
  end(): void {
    this.#ownSeen = this.#own.get()?.['changes'];
  }

  /** They may be ahead of what is on disk. */
  forget(): void {
    this.#rows.clear();
  }

  get(key: string): KeptRow | undefined {
    return this.#rows.get(key);
  }

  keep(key: string, row: KeptRow): void {
    this.#rows.delete(key);
    this.#rows.set(key, row);
    if (this.#rows.size <= MOST_ROWS) return;
    const [oldest] = this.#rows.keys();
    if (oldest !== undefined) this.#rows.delete(oldest);
  }
}
