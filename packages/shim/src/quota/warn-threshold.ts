import { medianOf, middleOf } from './quantiles.ts';
import { movement, QUANTUM, sameWindow } from './vendor-window.ts';

/** One moment as we and as the vendor saw it, both as a fraction of the rolling window. */
export interface WarnPair {
  readonly predicted: number;
  readonly vendor: number;
}

export interface WarnState {
  readonly pairs: readonly WarnPair[];
  /** What the configured threshold is multiplied by; null: too few pairs so far. */
  readonly factor: number | null;
  /** Where the factor has gone in the current window: 1 up, −1 down, 0 nowhere yet. */
  readonly direction: -1 | 0 | 1;
  /** End of the vendor window of the newest pair, epoch seconds. */
  readonly windowEndTs: number | null;
}

const MOST_PAIRS = 200;
/** The threshold stands still below this, and confidence is in proportion. */
const ENOUGH_PAIRS = 20;
/** Below, a percent's rounding is a fifth of the ratio and more. */
const MIN_VENDOR = 0.05;
const LOWEST = 0.5;
const HIGHEST = 0.98;
/** Stands for the window's length where its end is not told. */
const ROLLING_S = 18_000;

/**
 * Where to warn, in our own count, so that the vendor's count is where the operator wanted the warning:
 * configured × median(predicted / vendor), within [0.5, 0.98]. Within one vendor window it goes one way only, or a
 * client at the edge would be warned, not warned and warned again.
 */
export class WarnThreshold {
  readonly #pairs: WarnPair[];
  #factor: number | null;
  #direction: -1 | 0 | 1;
  #windowEndTs: number | null;

  constructor(state: WarnState = FRESH) {
    this.#pairs = state.pairs.slice(-MOST_PAIRS);
    this.#factor = this.#pairs.length < ENOUGH_PAIRS ? null : state.factor;
    this.#direction = state.direction;
    this.#windowEndTs = state.windowEndTs;
  }

  /** Takes a pair that says something new: the meter moved, or another window was filled. Answers whether it did. */
  add(pair: WarnPair, resetsTs: number | null, observedTs: number): boolean {
    if (!isUsable(pair)) return false;
    const windowEndTs = windowEnd(this.#windowEndTs, resetsTs, observedTs);
    const isOther = windowEndTs !== this.#windowEndTs;
    const last = this.#pairs.at(-1);
    const stands = last !== undefined && Math.abs(movement(pair.vendor, last.vendor)) < QUANTUM;
    // A full window is evidence even if the last one ended full, too.
    if (stands && !(isOther && pair.vendor >= 1)) return false;
    this.#pairs.push(pair);
    if (this.#pairs.length > MOST_PAIRS) this.#pairs.shift();
    if (isOther) this.#direction = 0;
    this.#windowEndTs = windowEndTs;
    if (this.#pairs.length >= ENOUGH_PAIRS) this.#move();
    return true;
  }

  /** Equals the configured threshold while there is too little evidence; null without one. */
  threshold(configured: number | null): number | null {
    if (configured === null || this.#factor === null) return configured;
    return Math.min(HIGHEST, Math.max(LOWEST, configured * this.#factor));
  }

  /**
   * min(1, n/20) × max(0, 1 − spread/median) of the ratios: how many there are, and how far one of them is from the
   * rest. Not the error of the median, which √n would make tiny: pairs of one window share its past and don't count as
   * independent.
   */
  confidence(): number | null {
    const middle = middleOf(this.#pairs.map(ratio));
    if (middle === null) return null;
    return Math.min(1, this.#pairs.length / ENOUGH_PAIRS) * Math.max(0, 1 - middle.spread / middle.median);
  }

  toJSON(): WarnState {
    return {
      pairs: [...this.#pairs],
      factor: this.#factor,
      direction: this.#direction,
      windowEndTs: this.#windowEndTs,
    };
  }

  #move(): void {
    const wanted = medianOf(this.#pairs.map(ratio)) ?? 1;
    const direction = sign(wanted - (this.#factor ?? 1));
    this.#factor ??= 1;
    if (direction === 0 || direction === -this.#direction) return;
    this.#factor = wanted;
    this.#direction = direction;
  }
}

/** Pairs that can be divided. */
export function isUsable({ predicted, vendor }: WarnPair): boolean {
  return predicted > 0 && vendor >= MIN_VENDOR && Number.isFinite(predicted / vendor) && Number.isFinite(vendor);
}

export const FRESH: WarnState = { pairs: [], factor: null, direction: 0, windowEndTs: null };

function ratio({ predicted, vendor }: WarnPair): number {
  return predicted / vendor;
}

function sign(value: number): -1 | 0 | 1 {
  return value > 0 ? 1 : value < 0 ? -1 : 0;
}

/** The known end while it is the same window's. A window whose end is not told lasts as long as such windows do. */
function windowEnd(known: number | null, resetsTs: number | null, observedTs: number): number {
  if (resetsTs === null) return known !== null && observedTs < known ? known : observedTs + ROLLING_S;
  return known !== null && sameWindow(known, resetsTs) ? known : resetsTs;
}
