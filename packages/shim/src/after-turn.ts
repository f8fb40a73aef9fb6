/**
 * Work that may wait until this turn of the event loop has served everybody: what several sockets leave to be done is
 * done in a row. In between of serving them each piece would find the processor's caches full of other code.
 */
export class AfterTurn {
  readonly #onError: (error: unknown) => void;
  #waiting: (() => void)[] = [];

  /** `onError`: told where a piece of work failed; those after it are done all the same. */
  constructor(onError: (error: unknown) => void) {
    this.#onError = onError;
  }

  readonly add = (work: () => void): void => {
    this.#waiting.push(work);
    if (this.#waiting.length === 1) setImmediate(this.#run);
  };

  readonly #run = (): void => {
    const all = this.#waiting;
    this.#waiting = [];
    for (const work of all) {
      try {
        work();
      } catch (error) {
        this.#onError(error);
      }
    }
  };

  /** Resolves when everything that waits now is done. */
  settled(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve));
  }
}
