import { Slots } from './slots.ts';

export interface SlotWish {
  readonly lane: string;
  /** Null: no limit. */
  readonly limit: number | null;
  readonly agent: string;
  readonly switched: boolean;
}

/** The places of every lane. */
export class LaneSlots {
  readonly #byLane = new Map<string, Slots>();

  take(wish: SlotWish, onGone: (leave: () => void) => void): Promise<() => void> | (() => void) {
    let slots = this.#byLane.get(wish.lane);
    if (slots === undefined) this.#byLane.set(wish.lane, (slots = new Slots()));
    return slots.take(wish.limit, onGone);
  }

  waiting(_lane: string): number {
    return 0;
  }
}
