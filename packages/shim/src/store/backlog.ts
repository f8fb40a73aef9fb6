/** So many items wait at most. */
const MOST_WAITING = 256;
/** …and no longer than this. */
const WITHIN_MS = 20;

/**
 * Work that nobody waits for, done for several items in a row: in between of relaying, each would find the processor's
 * caches full of other code, and take twice as long.
 */
export class Backlog<Item> {
  readonly #work: (item: Item) => void;
  readonly #onError: (error: unknown) => void;
  #waiting: Item[] = [];
  #timer: NodeJS.Timeout | undefined;

  /** `onError`: told where the work on an item failed; those after it are worked on all the same. */
  constructor(work: (item: Item) => void, onError: (error: unknown) => void) {
    this.#work = work;
    this.#onError = onError;
  }

  add(item: Item): void {
    this.#waiting.push(item);
    if (this.#waiting.length >= MOST_WAITING) this.catchUp();
    else this.#timer ??= setTimeout(() => this.catchUp(), WITHIN_MS).unref();
  }

  /** Does all that waits, in its order, now. */
  catchUp(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const all = this.#waiting;
    if (all.length === 0) return;
    this.#waiting = [];
    for (const item of all) {
      try {
        this.#work(item);
      } catch (error) {
        this.#onError(error);
      }
    }
  }
}
