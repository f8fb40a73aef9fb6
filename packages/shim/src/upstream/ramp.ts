/** How many switched requests a lane takes at once at first; twice as many each second. */
const FIRST = 4;
const STEP_MS = 1000;
/** More than these at once need no ramp. */
const LAST = 64;
/** Without switched requests for so long, the next one begins a new ramp. */
const QUIET_MS = 60_000;

/**
 * When a lane fails, all its agents come to the next one in the same second, and a provider that meets such a crowd
 * throttles it: lane after lane would fall. So a lane lets in those that were switched to it a few at first, then more.
 * Times in milliseconds of a clock that is never set back.
 */
export class Ramp {
  /** Null: no ramp. */
  #beganMs: number | null = null;
  #lastMs = -Infinity;

  /** A switched request has come. */
  arrived(nowMs: number): void {
    if (nowMs - this.#lastMs >= QUIET_MS) this.#beganMs = nowMs;
    this.#lastMs = nowMs;
  }

  /** So many switched requests may be in flight; Infinity when there is no ramp. */
  allowed(nowMs: number): number {
    if (this.#beganMs === null) return Infinity;
    const allowed = FIRST * 2 ** this.#steps(nowMs, this.#beganMs);
    if (allowed <= LAST) return allowed;
    this.#beganMs = null;
    return Infinity;
  }

  /** Until more are allowed; 0 when there is no ramp. */
  untilNextMs(nowMs: number): number {
    if (this.allowed(nowMs) === Infinity || this.#beganMs === null) return 0;
    return this.#beganMs + (this.#steps(nowMs, this.#beganMs) + 1) * STEP_MS - nowMs;
  }

  #steps(nowMs: number, beganMs: number): number {
    return Math.max(0, Math.floor((nowMs - beganMs) / STEP_MS));
  }
}
