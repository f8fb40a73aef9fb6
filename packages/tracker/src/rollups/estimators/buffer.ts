import { bufferSentence } from './buffer-sentence.ts';
import { upperQuantile } from './upper-quantile.ts';
import type { UpperQuantile } from './upper-quantile.ts';

/** Whether the next window may start. All in percentage points of one vendor bar. */
export interface BufferInput {
  /** The bar now; null: no reading. */
  readonly current_pp: number | null;
  /** What earlier windows took from the same bar; those with a reset inside left out. */
  readonly deltas_pp: readonly number[];
  /** Kept free below 100; 10. */
  readonly reserve_pp?: number;
  /** What the caller says the next window needs: taken in place of the quantile. */
  readonly need_pp?: number;
  /** Share of windows the projection should be enough for; 0.9. */
  readonly quantile?: number;
}

/**
 * `ok`: the projection stays out of the reserve. `inside-buffer`: it does not, so do not start. `at-limit`: nothing is
 * left. `indeterminate`: too few windows to project. `no-data`: no reading. Only `ok` is a go.
 */
export type BufferStatus = 'ok' | 'inside-buffer' | 'at-limit' | 'indeterminate' | 'no-data';

export interface BufferFacts {
  readonly status: BufferStatus;
  readonly current_pp: number | null;
  /** 100 less the reserve. */
  readonly limit_pp: number;
  readonly reserve_pp: number;
  /** What the next window is taken to need; null: not known. */
  readonly projected_pp: number | null;
  /** Where the projection comes from; null: there is none. */
  readonly basis: 'need' | 'quantile' | null;
  /** Of `deltas_pp`, also where a need was given; null: no windows. */
  readonly quantile: UpperQuantile | null;
  /** Chance that the next window reaches 100, from earlier windows; null: no windows or no reading. */
  readonly run_out_probability: number | null;
}

export interface BufferVerdict extends BufferFacts {
  /** The verdict in words and numbers, one line. */
  readonly sentence: string;
}

/** With fewer, the largest delta is passed by the next one too often (1 in 3 or more) to say go. */
export const BUFFER_MIN_WINDOWS = 3;

// Readings are decimals, sums of them are not quite.
const ROUNDING_PP = 1e-9;

/**
 * The stop rule: do not start a window if current + upper quantile of Δ > 100 − reserve. Fewer than 3 windows can
 * refuse (the safe side) but not allow. Run-out is counted: P = (k + ½)/(n + 1) with k of n earlier windows that would
 * have reached 100 from here, so that it is never 0 or 1 on a handful of windows.
 *
 * Throws RangeError for a negative number, one that is not finite, or a reserve above 100.
 */
export function bufferVerdict(input: BufferInput): BufferVerdict {
  const { current_pp, deltas_pp, reserve_pp = 10, need_pp, quantile = 0.9 } = input;
  for (const value of [current_pp ?? 0, reserve_pp, need_pp ?? 0, ...deltas_pp]) {
    if (!(Number.isFinite(value) && value >= 0)) throw new RangeError(`${value} is not an amount of percentage points`);
  }
  if (reserve_pp > 100) throw new RangeError(`a reserve of ${reserve_pp} pp is more than the bar holds`);
  const upper = upperQuantile(deltas_pp, quantile);
  const projected_pp = need_pp ?? upper?.value ?? null;
  const limit_pp = 100 - reserve_pp;
  const facts: BufferFacts = {
    status: statusOf({ current_pp, projected_pp, limit_pp, sure: need_pp !== undefined || isEnough(upper) }),
    current_pp,
    limit_pp,
    reserve_pp,
    projected_pp,
    basis: need_pp !== undefined ? 'need' : upper === null ? null : 'quantile',
    quantile: upper,
    run_out_probability: current_pp === null ? null : runOutProbability(100 - current_pp, deltas_pp),
  };
  return { ...facts, sentence: bufferSentence(facts) };
}

/** Chance that the next window takes `room` or more: (k + ½)/(n + 1). 1 without room; null without windows. */
export function runOutProbability(room: number, deltas: readonly number[]): number | null {
  if (room <= ROUNDING_PP) return 1;
  if (deltas.length === 0) return null;
  const reaching = deltas.filter((delta) => delta >= room - ROUNDING_PP).length;
  return (reaching + 0.5) / (deltas.length + 1);
}

function isEnough(upper: UpperQuantile | null): boolean {
  return upper !== null && upper.n >= BUFFER_MIN_WINDOWS;
}

interface Projection {
  readonly current_pp: number | null;
  readonly projected_pp: number | null;
  readonly limit_pp: number;
  /** The projection may also allow. */
  readonly sure: boolean;
}

function statusOf({ current_pp, projected_pp, limit_pp, sure }: Projection): BufferStatus {
  if (current_pp === null) return 'no-data';
  if (current_pp >= 100 - ROUNDING_PP) return 'at-limit';
  // No window takes less than nothing: past the limit there is no need to know how much.
  if (current_pp + (projected_pp ?? 0) > limit_pp + ROUNDING_PP) return 'inside-buffer';
  return sure ? 'ok' : 'indeterminate';
}
