import { movement, sameWindow } from '../../quota/vendor-window.ts';
import type { PlanWindow } from './zai-quota.ts';

export interface Pair {
  readonly tokens: number;
  /** Fraction of the window. */
  readonly moved: number;
}

/** A rise this large is worth a pair even though where in its first percent it began is not known. */
const ROUGH_RISE = 0.05;

/**
 * One window of the plan while requests are sent: cuts the tokens spent into intervals at the meter's rises.
 *
 * A meter that shows amounts may begin an interval anywhere. One that shows whole percents stands at a known place only
 * where it has just risen: what came before its first rise counts for nothing.
 */
export class WindowTrack {
  readonly pairs: Pair[] = [];
  /** Intervals that say nothing: the meter fell, its window ended, or somebody else used the lane. */
  discarded = 0;
  #mark: PlanWindow;
  #isOnMark: boolean;
  #tokens = 0;
  #isMixed = false;

  constructor(first: PlanWindow) {
    this.#mark = first;
    this.#isOnMark = first.isExact;
  }

  /** Counted tokens since the reading before. `isMixed`: not all of the lane's were ours. */
  read(window: PlanWindow, tokens: number, isMixed: boolean): void {
    const { used, isExact } = window;
    const mark = this.#mark;
    this.#tokens += tokens;
    this.#isMixed ||= isMixed;
    const isOther = window.type !== mark.type || isExact !== mark.isExact || !isSame(window, mark);
    if (isOther || used < mark.used) {
      this.discarded += 1;
      this.#begin(window, isExact);
      return;
    }
    if (used === mark.used) return;
    const moved = used - mark.used;
    if (this.#isMixed) this.discarded += 1;
    // A rise that no request came before belongs to the last one: the meter is behind.
    else if (this.#tokens === 0) this.#addToLast(moved);
    else if (this.#isOnMark || movement(used, mark.used) >= ROUGH_RISE)
      this.pairs.push({ tokens: this.#tokens, moved });
    this.#begin(window, true);
  }

  #addToLast(moved: number): void {
    const last = this.pairs.pop();
    if (last !== undefined) this.pairs.push({ ...last, moved: last.moved + moved });
  }

  #begin(window: PlanWindow, isOnMark: boolean): void {
    this.#mark = window;
    this.#isOnMark = isOnMark;
    this.#tokens = 0;
    this.#isMixed = false;
  }
}

/** A window that has not begun yet has no end yet. */
function isSame({ resetsTs }: PlanWindow, mark: PlanWindow): boolean {
  return resetsTs === null || mark.resetsTs === null || sameWindow(resetsTs, mark.resetsTs);
}
