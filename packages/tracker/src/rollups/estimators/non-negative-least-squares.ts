import { decompose, dot } from './singular-values.ts';
import type { Decomposition } from './singular-values.ts';

/** Coefficients ≥ 0 that fit a target best, and the columns that are free, that is not held at 0. */
export interface NonNegativeFit {
  readonly coefficients: readonly number[];
  readonly free: readonly number[];
  /** Of the free columns. */
  readonly decomposition: Decomposition;
  readonly residuals: readonly number[];
}

/**
 * min ‖A·x − y‖ with x ≥ 0, by the active set method of Lawson & Hanson (Solving Least Squares Problems, 1974, ch. 23):
 * free the column that would gain most, solve, step back to the boundary where a coefficient turns negative, repeat.
 * Columns have unit length and are linearly independent (the caller checked), so that gains compare.
 */
export function nonNegativeLeastSquares(
  columns: readonly (readonly number[])[],
  target: readonly number[],
): NonNegativeFit {
  const coefficients = columns.map(() => 0);
  const free = new Set<number>();
  const tolerance = 1e-12 * Math.sqrt(dot(target, target));
  // The method ends by itself; the bound is for rounding that would free and hold the same column for ever.
  for (let step = 0; step <= 3 * columns.length; step += 1) {
    const residuals = misfit(columns, coefficients, target);
    const gains = columns.map((column, at) => (free.has(at) ? 0 : dot(column, residuals)));
    const best = gains.indexOf(Math.max(...gains));
    if ((gains[best] ?? 0) <= tolerance) break;
    free.add(best);
    let stopped = true;
    while (stopped) stopped = stepTowards(solveFree(columns, free, target), coefficients, free);
  }
  const order = [...free].toSorted((a, b) => a - b);
  const decomposition = decompose(order.map((at) => columns[at] ?? []));
  return { coefficients, free: order, decomposition, residuals: misfit(columns, coefficients, target) };
}

/** Moves to the solution, or as far as no coefficient turns negative and holds those at 0: true if it had to stop. */
function stepTowards(solution: ReadonlyMap<number, number>, coefficients: number[], free: Set<number>): boolean {
  const from = (at: number): number => coefficients[at] ?? 0;
  const stops = [...solution]
    .filter(([, value]) => value <= 0)
    .map(([at, value]) => ({ at, share: from(at) > 0 ? from(at) / (from(at) - value) : 0 }));
  const share = Math.min(1, ...stops.map((stop) => stop.share));
  for (const [at, value] of solution) {
    coefficients[at] = share === 1 ? value : Math.max(0, from(at) + share * (value - from(at)));
  }
  for (const stop of stops.filter((each) => each.share <= share)) {
    coefficients[stop.at] = 0;
    free.delete(stop.at);
  }
  return stops.length > 0 && free.size > 0;
}

function solveFree(
  columns: readonly (readonly number[])[],
  free: ReadonlySet<number>,
  target: readonly number[],
): ReadonlyMap<number, number> {
  const order = [...free];
  const { scaled, right, values } = decompose(order.map((at) => columns[at] ?? []));
  const weights = scaled.map((column, k) => dot(column, target) / (values[k] ?? 1) ** 2);
  return new Map(order.map((at, row) => [at, weights.reduce((sum, w, k) => sum + w * (right[k]?.[row] ?? 0), 0)]));
}

function misfit(columns: readonly (readonly number[])[], coefficients: readonly number[], target: readonly number[]) {
  return target.map((value, row) =>
    coefficients.reduce((left, coefficient, at) => left - coefficient * (columns[at]?.[row] ?? 0), value),
  );
}
