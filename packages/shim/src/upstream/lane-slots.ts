import type { SlotWish } from '../quota/admit.ts';
import { Slots, type OnGone } from './slots.ts';

/** The places of every lane. */
export class LaneSlots {
  readonly #byLane = new Map<string, Slots>();

  take(wish: SlotWish, onGone: OnGone): Promise<() => void> | (() => void) {
    let slots = this.#byLane.get(wish.lane);
    if (slots === undefined) this.#byLane.set(wish.lane, (slots = new Slots()));
    return slots.take(wish.limit, onGone, wish);
  }

  waiting(lane: string): number {
    return this.#byLane.get(lane)?.waiting ?? 0;
  }
}
