/** One finished window of one provider: what it delivered and what it cost. One unit of capacity per set of points. */
export interface WindowPoint {
  readonly window: string;
  readonly features: number;
  /** Percentage points, prompts or credits; null or 0 and less: nothing to divide by. */
  readonly capacity: number | null;
  /** 1 − normalised churn in [0.5, 1]; null: not known. */
  readonly quality?: number | null;
}

/** A window that counts: its capacity is above 0. */
export interface UsablePoint extends WindowPoint {
  readonly capacity: number;
}

/**
 * The windows that count, in an order of their own, so that sums and draws do not depend on the order given. A window
 * without capacity leaves both sums: its features say nothing about a price.
 *
 * Throws RangeError for a number that is not finite.
 */
export function usablePoints(points: readonly WindowPoint[]): readonly UsablePoint[] {
  return points
    .flatMap((point) => {
      const { window, features, capacity, quality } = point;
      for (const value of [features, capacity ?? 0, quality ?? 0]) {
        if (!Number.isFinite(value)) throw new RangeError(`window ${window} holds ${value}, which is not a number`);
      }
      return capacity === null || capacity <= 0 ? [] : [{ ...point, capacity }];
    })
    .toSorted(byWindow);
}

/** Windows given more than once: each row is counted, so the caller has to say which one stands. */
export function repeatedWindows(points: readonly WindowPoint[]): readonly string[] {
  const seen = new Set<string>();
  const repeated = new Set<string>();
  for (const { window } of points) {
    if (seen.has(window)) repeated.add(window);
    seen.add(window);
  }
  return [...repeated].toSorted(byCodeUnit);
}

/** The order of windows, the same on every machine. */
export function byWindow(a: UsablePoint, b: UsablePoint): number {
  return (
    byCodeUnit(a.window, b.window) ||
    a.capacity - b.capacity ||
    a.features - b.features ||
    (a.quality ?? -1) - (b.quality ?? -1)
  );
}

/** Not by locale: the order must be the same on every machine. */
function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
