import type { FitPair } from './fit.ts';
import { movement, QUANTUM, sameWindow } from './vendor-window.ts';

/** A vendor window meter as an answer's headers showed it. Times are epoch seconds. */
export interface MeterValue {
  /** Fraction of the window used; 1 is full. */
  readonly value: number;
  /** When the window ends; null: not said. */
  readonly resetsTs: number | null;
  readonly observedTs: number;
}

/** What a reading told. A pair belongs to the model that spent (nearly) all of the interval's tokens. */
export type Movement =
  | { readonly kind: 'none' | 'mixed' | 'discarded' }
  | { readonly kind: 'pair'; readonly model: string; readonly pair: FitPair };

/** After this long without a reading, movement without tokens of ours is somebody else's. */
const SILENCE_S = 1800;
/** Share of an interval's tokens that makes it one model's. */
const OWNER_SHARE = 0.95;
/** A rise this large is worth a pair even though where in its first percent it began is not known. */
const ROUGH_RISE = 5 * QUANTUM;
const MOST_OWNERS = 200;

/**
 * One meter of one lane: cuts our spending into intervals at the meter's rises.
 *
 * Between rises the true fill is anywhere within a percent; at a rise it has just passed the printed value. So an
 * interval runs from rise to rise. One that began elsewhere (first reading, after a fall) only finds the first mark,
 * or light use would make every window look smaller by half a percent point.
 */
export class MeterTrack {
  #mixed: number;
  #discarded: number;
  #open: Open | null = null;

  constructor(mixed = 0, discarded = 0) {
    this.#mixed = mixed;
    this.#discarded = discarded;
  }

  /** Intervals that belonged to several models. */
  get mixed(): number {
    return this.#mixed;
  }

  /** Intervals that say nothing: the meter fell, its window ended, or somebody else moved it. */
  get discarded(): number {
    return this.#discarded;
  }

  spend(model: string, tokens: number): void {
    const open = this.#open;
    if (open === null) return;
    open.tokens += tokens;
    open.sinceReading += tokens;
    // Who has no name here any more still counts in the sum, so nobody owns what he spent.
    if (open.byModel.has(model) || open.byModel.size < MOST_OWNERS) {
      open.byModel.set(model, (open.byModel.get(model) ?? 0) + tokens);
    }
  }

  read(reading: MeterValue): Movement {
    const open = this.#open;
    if (open === null) return this.#start(reading, NOTHING);
    const step = movement(reading.value, open.top);
    const silent = open.sinceReading === 0 && reading.observedTs - open.lastTs > SILENCE_S;
    if (!sameWindow(open.resetsTs, reading.resetsTs)) {
      return this.#start(reading, open.tokens > 0 ? this.#discard() : NOTHING);
    }
    // Answers to parallel requests can overtake each other: a fall need not be the vendor's.
    if (step <= -QUANTUM || (silent && step >= QUANTUM)) return this.#start(reading, this.#discard());

    open.lastTs = reading.observedTs;
    open.sinceReading = 0;
    open.top = Math.max(open.top, reading.value);
    const moved = movement(reading.value, open.value);
    // A rise before any token was settled comes from a request still under way: its tokens are waited for.
    if (step <= 0 || moved < QUANTUM || open.tokens === 0) return NOTHING;
    this.#start(reading, NOTHING, true);
    return open.onMark || moved >= ROUGH_RISE ? this.#close(open, moved) : NOTHING;
  }

  #close({ byModel, tokens }: Open, moved: number): Movement {
    for (const [model, own] of byModel) {
      if (own >= OWNER_SHARE * tokens) return { kind: 'pair', model, pair: { tokens, moved, source: 'header' } };
    }
    this.#mixed += 1;
    return MIXED;
  }

  #discard(): Movement {
    this.#discarded += 1;
    return DISCARDED;
  }

  #start({ value, resetsTs, observedTs }: MeterValue, told: Movement, onMark = false): Movement {
    const byModel = new Map<string, number>();
    this.#open = { value, top: value, resetsTs, lastTs: observedTs, onMark, tokens: 0, sinceReading: 0, byModel };
    return told;
  }
}

interface Open {
  /** Meter at the start. */
  readonly value: number;
  readonly resetsTs: number | null;
  /** It began with a rise. */
  readonly onMark: boolean;
  readonly byModel: Map<string, number>;
  /** Highest reading since. */
  top: number;
  lastTs: number;
  tokens: number;
  sinceReading: number;
}

const NOTHING: Movement = { kind: 'none' };
const MIXED: Movement = { kind: 'mixed' };
const DISCARDED: Movement = { kind: 'discarded' };
