/** At most `most` in any `windowMs` per caller; time is handed in. */
export class RateLimit {
  readonly #most: number;
  readonly #windowMs: number;
  readonly #seen = new Map<string, number[]>();

  constructor(most: number, windowMs: number) {
    this.#most = most;
    this.#windowMs = windowMs;
  }

  /** Whether the caller may go on; a refusal does not count. */
  allows(caller: string, nowMs: number): boolean {
    if (this.#seen.size > 10_000) this.#forgetBefore(nowMs - this.#windowMs);
    const recent = (this.#seen.get(caller) ?? []).filter((ms) => ms > nowMs - this.#windowMs);
    if (recent.length >= this.#most) return false;
    recent.push(nowMs);
    this.#seen.set(caller, recent);
    return true;
  }

  #forgetBefore(limitMs: number): void {
    for (const [caller, times] of this.#seen) if ((times.at(-1) ?? 0) <= limitMs) this.#seen.delete(caller);
  }
}
