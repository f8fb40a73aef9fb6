import { quantile } from './quantiles.ts';
import { sameWindow } from './vendor-window.ts';

/** How far one predicted reset was from the vendor's. */
export interface ResetGap {
  /** With `resetsTs`, which vendor window it was. */
  readonly meter: string;
  /** The vendor's reset, epoch seconds. */
  readonly resetsTs: number;
  /** Predicted − observed: positive when we expected to wait longer than the vendor made us. */
  readonly seconds: number;
}

const MOST_GAPS = 100;

/** The newest gaps, one for each vendor window: a client that retries against a closed door is one piece of evidence. */
export class ResetGaps {
  readonly #gaps: ResetGap[];

  constructor(gaps: readonly ResetGap[] = []) {
    this.#gaps = gaps.slice(-MOST_GAPS);
  }

  add(gap: ResetGap): void {
    const known = this.#gaps.findLastIndex(
      ({ meter, resetsTs }) => meter === gap.meter && sameWindow(resetsTs, gap.resetsTs),
    );
    if (known >= 0) this.#gaps.splice(known, 1);
    this.#gaps.push(gap);
    if (this.#gaps.length > MOST_GAPS) this.#gaps.shift();
  }

  /** Seconds, signed; null without gaps. */
  summary(): { readonly gapP50: number | null; readonly gapP95: number | null; readonly gapSamples: number } {
    const rising = this.#gaps.map(({ seconds }) => seconds).toSorted((a, b) => a - b);
    return { gapP50: quantile(rising, 0.5), gapP95: quantile(rising, 0.95), gapSamples: rising.length };
  }

  toJSON(): readonly ResetGap[] {
    return [...this.#gaps];
  }
}
