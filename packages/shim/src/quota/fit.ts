import { QUANTUM } from './vendor-window.ts';

/** What one interval showed: our counted tokens, and by how much the vendor's meter rose meanwhile. */
export interface FitPair {
  readonly tokens: number;
  /** Fraction of the window. */
  readonly moved: number;
  /** `probe`: spent on purpose to measure; `header`: seen in passing. */
  readonly source: 'header' | 'probe';
}

export interface CapacityFit {
  /** Counted tokens of a full window; null without pairs. */
  readonly capacityTokens: number | null;
  /** 95 % interval of the capacity; null below three pairs. */
  readonly low: number | null;
  /** Null also where the pairs don't bound it. */
  readonly high: number | null;
  /** Standard error of tokens' share of the window, as a fraction of it; null below three pairs. */
  readonly relError: number | null;
}

export const MOST_PAIRS = 200;
/** Fewer say nothing about their own scatter that deserves the name. */
const MIN_FOR_INTERVAL = 3;

/** Deviation of a difference of two rounded values: each is off by a uniform error of variance q²/12. */
const ROUNDING = QUANTUM / Math.sqrt(6);

/**
 * Ratio estimator k = ΣΔu / ΣΔt (window fraction per token) and its error (Cochran, Sampling Techniques, 3rd ed. 1977,
 * chapter 6, without the correction for a finite population):
 *
 *     s² = Σ(Δu − kΔt)² / (n−1)        SE(k) = √(n·s²) / ΣΔt        capacity = 1/k
 *
 * The interval k ± t(n−1)·SE is turned over with its ends. A meter that is read in steps of a percent makes each pair
 * wrong by up to a step, but what one pair has too much the next lacks: the sums stay right, and s² errs on the wide side.
 * Pairs that happen to be alike have no scatter; even then both ends of ΣΔu are rounded, which leaves the error of two
 * uniform steps.
 */
export function fitCapacity(pairs: readonly FitPair[]): CapacityFit {
  const n = pairs.length;
  const tokens = pairs.reduce((sum, pair) => sum + pair.tokens, 0);
  const moved = pairs.reduce((sum, pair) => sum + pair.moved, 0);
  if (tokens <= 0 || moved <= 0) return { capacityTokens: null, low: null, high: null, relError: null };
  const perToken = moved / tokens;
  const capacityTokens = tokens / moved;
  if (n < MIN_FOR_INTERVAL) return { capacityTokens, low: null, high: null, relError: null };
  const squares = pairs.reduce((sum, pair) => sum + (pair.moved - perToken * pair.tokens) ** 2, 0);
  const error = Math.max(Math.sqrt((n * squares) / (n - 1)), ROUNDING) / tokens;
  const reach = student975(n - 1) * error;
  return {
    capacityTokens,
    low: 1 / (perToken + reach),
    high: perToken > reach ? 1 / (perToken - reach) : null,
    relError: error / perToken,
  };
}

/**
 * The 97.5 % point of Student's t. From ten degrees on by the expansion in 1/df (Abramowitz and Stegun 26.7.5), there
 * right to five digits.
 */
export function student975(df: number): number {
  const tabled = STUDENT_975[df - 1];
  if (tabled !== undefined) return tabled;
  const z = NORMAL_975;
  const g1 = (z ** 3 + z) / 4;
  const g2 = (5 * z ** 5 + 16 * z ** 3 + 3 * z) / 96;
  const g3 = (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / 384;
  const g4 = (79 * z ** 9 + 776 * z ** 7 + 1482 * z ** 5 - 1920 * z ** 3 - 945 * z) / 92_160;
  return z + g1 / df + g2 / df ** 2 + g3 / df ** 3 + g4 / df ** 4;
}

const NORMAL_975 = 1.959964;
const STUDENT_975: readonly number[] = [12.7062, 4.30265, 3.18245, 2.77645, 2.57058, 2.44691, 2.36462, 2.306, 2.26216];
