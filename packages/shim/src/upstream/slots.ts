/**
 * At most so many requests in flight on a lane; the others wait their turn. Some providers allow one or two at a time
 * and answer the next with 429: waiting here is cheaper than being refused there.
 */
export class Slots {
  #active = 0;
  readonly #waiting: (() => void)[] = [];

  get active(): number {
    return this.#active;
  }

  /** Resolves to a function that gives the slot back, or to null when `gone` says the client left while waiting. */
  take(limit: number | null, onGone: (leave: () => void) => void): Promise<() => void> | (() => void) {
    if (limit === null || this.#active < limit) return this.#occupy();
    return new Promise((resolve) => {
      const turn = (): void => resolve(this.#occupy());
      this.#waiting.push(turn);
      onGone(() => {
        const at = this.#waiting.indexOf(turn);
        if (at < 0) return;
        this.#waiting.splice(at, 1);
        resolve(() => undefined);
      });
    });
  }

  #occupy(): () => void {
    this.#active += 1;
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#active -= 1;
      this.#waiting.shift()?.();
    };
  }
}
