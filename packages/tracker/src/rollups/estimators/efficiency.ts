import { bootstrapT } from './bootstrap-t.ts';
import { deltaT, inflatedStandardError } from './delta-t.ts';
import { fieller } from './fieller.ts';
import { windowsText } from './interval.ts';
import type { Bounded, Interval, NoInterval } from './interval.ts';
import { fitRatio, sum } from './ratio.ts';
import { seededDraw } from './seeded-random.ts';
import { repeatedWindows, usablePoints } from './window-point.ts';
import type { UsablePoint, WindowPoint } from './window-point.ts';

export interface EfficiencyOptions {
  /** Confidence of the intervals; 0.95. */
  readonly level?: number;
  /** Smallest capacity a window's meter can tell from none, in the unit of the points (2 pp for a whole-number bar). */
  readonly resolution?: number;
}

/** Features per unit of capacity over windows: E = Σf/Σc, with what can be said about it. */
export interface Efficiency {
  /** Windows that count. */
  readonly n: number;
  /** Windows left out of both sums: no capacity, or 0 and less. */
  readonly withoutCapacity: number;
  /** Windows that count although their capacity is below `resolution`. */
  readonly belowResolution: number;
  /** Windows given more than once. Each row counts; the caller has to say which one stands. */
  readonly repeated: readonly string[];
  readonly sumFeatures: number;
  readonly sumCapacity: number;
  /** Null: no capacity. */
  readonly estimate: number | null;
  /** Of the estimate, first order; null: fewer than 3 windows, or no spread among them. */
  readonly standardError: number | null;
  readonly level: number;
  /** The interval to show. */
  readonly fieller: Interval;
  /** Its companion, leverage-inflated, which has two ends from 3 windows on. */
  readonly deltaT: Bounded | NoInterval;
  /** A cross-check from 5 windows on. */
  readonly bootstrapT: Bounded | NoInterval;
}

const MIN_WINDOWS = 3;

/**
 * Features per unit of capacity. Windows with capacity ≤ 0 or null leave both sums. The result does not depend on the
 * order of the points; the bootstrap is seeded by the ids of the windows that count, so a rerun gives the same bytes.
 *
 * Throws RangeError for a number that is not finite or a level outside (0, 1).
 */
export function efficiency(points: readonly WindowPoint[], options: EfficiencyOptions = {}): Efficiency {
  const { level = 0.95, resolution = 0 } = options;
  if (!(level > 0 && level < 1)) throw new RangeError(`a confidence level lies between 0 and 1, not at ${level}`);
  const usable = usablePoints(points);
  const sumFeatures = sum(usable.map(({ features }) => features));
  const sumCapacity = sum(usable.map(({ capacity }) => capacity));
  return {
    n: usable.length,
    withoutCapacity: points.length - usable.length,
    belowResolution: usable.filter(({ capacity }) => capacity < resolution).length,
    repeated: repeatedWindows(usable),
    sumFeatures,
    sumCapacity,
    estimate: usable.length === 0 ? null : sumFeatures / sumCapacity,
    level,
    ...certainty(usable, level),
  };
}

type Certainty = Pick<Efficiency, 'standardError' | 'fieller' | 'deltaT' | 'bootstrapT'>;

function certainty(usable: readonly UsablePoint[], level: number): Certainty {
  const n = usable.length;
  if (n < MIN_WINDOWS) {
    return without(`${windowsText(n)} with capacity; an interval needs at least ${MIN_WINDOWS}`);
  }
  const sample = {
    features: usable.map(({ features }) => features),
    capacities: usable.map(({ capacity }) => capacity),
  };
  const fit = fitRatio(sample);
  // Three windows alike would give an interval of no width, the most certain of all answers from the least evidence.
  if (fit.standardError === 0) {
    return without(`all ${n} windows gave the same ratio, so nothing shows how far the next one may stray`);
  }
  return {
    standardError: fit.standardError,
    fieller: fieller(sample, fit, level),
    deltaT: deltaT(fit, inflatedStandardError(fit, sample), level),
    bootstrapT: bootstrapT(sample, fit, level, seededDraw(usable.map(({ window }) => window))),
  };
}

function without(reason: string): Certainty {
  const none: NoInterval = { kind: 'none', reason };
  return { standardError: null, fieller: none, deltaT: none, bootstrapT: none };
}
