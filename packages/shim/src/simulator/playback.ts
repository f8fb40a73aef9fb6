import type { CutHow, Outlet } from './outlet.ts';
import type { Piece } from './cut.ts';
import type { Ticker } from './ticker.ts';

/** What is due at one moment. */
export type Beat = readonly Piece[];

export interface Plan {
  readonly beats: readonly Beat[];
  /** Between beats; 0 = no wait. */
  readonly pace_ms: number;
  /** One event-loop turn between the pieces of a beat, so that the client really reads them apart. */
  readonly spaced: boolean;
  /** Silence before this beat; without `for_ms` until the client leaves. */
  readonly pause?: { readonly before: number; readonly for_ms: number | undefined };
  readonly end: 'finish' | CutHow;
}

/** Plays a plan on an opened outlet at the client's reading speed. */
export class Playback {
  private readonly outlet: Outlet;
  private readonly plan: Plan;
  private readonly ticker: Ticker;
  private beat = 0;
  private piece = 0;
  private paused = false;
  private waiting = false;
  private cancelled = false;
  private stopTicking: (() => void) | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(outlet: Outlet, plan: Plan, ticker: Ticker) {
    this.outlet = outlet;
    this.plan = plan;
    this.ticker = ticker;
  }

  start(): void {
    this.step();
  }

  cancel(): void {
    this.cancelled = true;
    this.stopTicking?.();
    clearTimeout(this.timer);
  }

  private step(): void {
    if (this.cancelled) return;
    while (this.beat < this.plan.beats.length) {
      if (this.pauses() || !this.sendBeat()) return;
      this.beat += 1;
      this.piece = 0;
      if (this.plan.pace_ms > 0 && this.beat < this.plan.beats.length) {
        this.stopTicking ??= this.ticker.every(this.plan.pace_ms, () => {
          if (!this.waiting) this.step();
        });
        return;
      }
    }
    if (this.pauses()) return;
    this.end();
  }

  /** @returns false when the rest of the beat has to wait. */
  private sendBeat(): boolean {
    const beat = this.plan.beats[this.beat] ?? [];
    const isLastBeat = this.beat === this.plan.beats.length - 1;
    while (this.piece < beat.length) {
      const next = beat[this.piece];
      this.piece += 1;
      const taken = next === undefined || this.outlet.write(next);
      const isLast = isLastBeat && this.piece === beat.length;
      if (!taken && !isLast) {
        this.wait((resume) => this.outlet.whenDrained(resume));
        return false;
      }
      if (this.plan.spaced && this.piece < beat.length) {
        this.wait((resume) => setImmediate(resume));
        return false;
      }
    }
    return true;
  }

  private wait(until: (resume: () => void) => void): void {
    this.waiting = true;
    until(() => {
      this.waiting = false;
      this.step();
    });
  }

  private pauses(): boolean {
    const { pause } = this.plan;
    if (pause?.before !== this.beat || this.paused) return this.timer !== undefined;
    this.paused = true;
    this.waiting = true;
    if (pause.for_ms === undefined) return true;
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.waiting = false;
      this.step();
    }, pause.for_ms);
    return true;
  }

  private end(): void {
    this.stopTicking?.();
    if (this.plan.end === 'finish') this.outlet.finish();
    else this.outlet.cut(this.plan.end);
  }
}
