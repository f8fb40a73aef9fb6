/** Calls many streams at the same pace from one timer, spread over the interval so that they do not all write at once. */
export class Ticker {
  private readonly wheels = new Map<number, Wheel>();

  /** Calls `beat` every `pace_ms`, the first time one pace from now. @returns the call that ends it. */
  every(paceMs: number, beat: () => void): () => void {
    let wheel = this.wheels.get(paceMs);
    if (wheel === undefined) {
      wheel = new Wheel(paceMs, () => this.wheels.delete(paceMs));
      this.wheels.set(paceMs, wheel);
    }
    return wheel.join(beat);
  }
}

/** Below this a timer only adds its own cost. */
const SLOT_MS = 4;

class Wheel {
  private readonly slots: Set<() => void>[];
  private readonly slotMs: number;
  private readonly startedMs = performance.now();
  private readonly timer: NodeJS.Timeout;
  private readonly whenEmpty: () => void;
  private turned = 0;
  private members = 0;

  constructor(paceMs: number, whenEmpty: () => void) {
    const count = Math.min(64, Math.max(1, Math.round(paceMs / SLOT_MS)));
    this.slots = Array.from({ length: count }, () => new Set());
    this.slotMs = paceMs / count;
    this.whenEmpty = whenEmpty;
    this.timer = setInterval(() => this.turn(), Math.max(1, Math.floor(this.slotMs)));
  }

  join(beat: () => void): () => void {
    const slot = this.slotAt(this.turned);
    slot.add(beat);
    this.members += 1;
    return () => {
      if (!slot.delete(beat)) return;
      this.members -= 1;
      if (this.members > 0) return;
      clearInterval(this.timer);
      this.whenEmpty();
    };
  }

  /** Timers fire late and by whole milliseconds; the clock decides which slots are due. */
  private turn(): void {
    const due = Math.floor((performance.now() - this.startedMs) / this.slotMs);
    // After a stall every stream gets one beat, not a burst of the ones it missed.
    const last = Math.min(due, this.turned + this.slots.length);
    while (this.turned < last) {
      this.turned += 1;
      for (const beat of this.slotAt(this.turned)) beat();
    }
    this.turned = Math.max(this.turned, due);
  }

  private slotAt(turn: number): Set<() => void> {
    const slot = this.slots[turn % this.slots.length];
    if (slot === undefined) throw new Error('a wheel has at least one slot');
    return slot;
  }
}
