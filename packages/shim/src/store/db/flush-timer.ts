/** When the next flush is due. Keeps no program alive. */
export class FlushTimer {
  readonly #flush: () => void;
  #timer: NodeJS.Timeout | undefined;
  #soon: NodeJS.Immediate | undefined;

  constructor(flush: () => void) {
    this.#flush = flush;
  }

  /** When this turn of the event loop is over. */
  soon(): void {
    this.#soon ??= setImmediate(this.#flush);
  }

  /** After this long, unless it is due before. */
  within(ms: number): void {
    this.#timer ??= setTimeout(this.#flush, ms);
    this.#timer.unref();
  }

  cancel(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    clearImmediate(this.#soon);
    this.#soon = undefined;
  }
}
