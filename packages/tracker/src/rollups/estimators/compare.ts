import { windowsText } from './interval.ts';
import { fitRatio } from './ratio.ts';
import { seededDraw } from './seeded-random.ts';
import type { Draw } from './seeded-random.ts';
import { byWindow, usablePoints } from './window-point.ts';
import type { UsablePoint, WindowPoint } from './window-point.ts';

/** Two groups of windows, such as one provider under two methodologies, by features per unit of capacity. */
export type Comparison =
  | {
      readonly kind: 'compared';
      readonly n: { readonly a: number; readonly b: number };
      /** E of a − E of b. */
      readonly difference: number;
      /** ln(E of a / E of b); null: one of them is not above 0. */
      readonly logRatio: number | null;
      /** Two-sided: how often groups drawn by lot differ as much. */
      readonly pValue: number;
      readonly caveat: string;
    }
  | { readonly kind: 'none'; readonly n: { readonly a: number; readonly b: number }; readonly reason: string };

export interface ComparisonOptions {
  /** Windows change places only within one block, such as a week, so that what differs between weeks stays out. */
  readonly blockOf?: (point: WindowPoint) => string;
}

const MIN_WINDOWS = 3;
const SHUFFLES = 1999;
// Equal statistics of another order of summing must count as equal.
const ROUNDING = 1e-9;

/** A p value looked at every day is below 0.05 sooner or later, whatever is true. */
const ONE_LOOK = 'holds for one look planned beforehand, not for looking every day until it is small';

/**
 * Compares E = Σf/Σc of two groups by a permutation test on the difference over its standard error (studentised, so
 * that it tests E and not the spread: Janssen 1997; Chung & Romano 2013), p = (1 + #)/(1 + B), seeded by the ids of the
 * windows. Both groups must have one unit of capacity. Swapping the groups changes signs only.
 */
export function compareEfficiency(
  a: readonly WindowPoint[],
  b: readonly WindowPoint[],
  { blockOf = () => '' }: ComparisonOptions = {},
): Comparison {
  const sides = { a: usablePoints(a), b: usablePoints(b) };
  const n = { a: sides.a.length, b: sides.b.length };
  if (Math.min(n.a, n.b) < MIN_WINDOWS) {
    const have = `${windowsText(n.a)} against ${n.b}`;
    return { kind: 'none', n, reason: `${have}; a comparison needs ${MIN_WINDOWS} on each side` };
  }
  const pooled = pool(sides, blockOf);
  const blocks = blocksOf(pooled);
  if (!blocks.some((rows) => new Set(rows.map(({ inA }) => inA)).size > 1)) {
    return { kind: 'none', n, reason: 'no block has windows of both sides' };
  }
  const seen = statisticOf(pooled);
  const draw = seededDraw(pooled.map(({ point }) => point.window));
  let asFar = 0;
  for (let shuffle = 0; shuffle < SHUFFLES; shuffle += 1) {
    const drawn = statisticOf(blocks.flatMap((rows) => shuffled(rows, draw)));
    if (Math.abs(drawn.t) >= Math.abs(seen.t) * (1 - ROUNDING)) asFar += 1;
  }
  const { ofA, ofB } = seen;
  return {
    kind: 'compared',
    n,
    difference: ofA - ofB,
    logRatio: ofA > 0 && ofB > 0 ? Math.log(ofA / ofB) : null,
    pValue: (1 + asFar) / (1 + SHUFFLES),
    caveat: `p ${ONE_LOOK}`,
  };
}

interface Row {
  readonly point: UsablePoint;
  readonly block: string;
  readonly inA: boolean;
}

/** In the order of the windows, not of the groups: the draws are the same whichever side comes first. */
function pool(
  { a, b }: { readonly a: readonly UsablePoint[]; readonly b: readonly UsablePoint[] },
  blockOf: (point: WindowPoint) => string,
): readonly Row[] {
  const row = (point: UsablePoint, inA: boolean): Row => ({ point, block: blockOf(point), inA });
  return [...a.map((point) => row(point, true)), ...b.map((point) => row(point, false))].toSorted((x, y) =>
    byWindow(x.point, y.point),
  );
}

function blocksOf(rows: readonly Row[]): readonly (readonly Row[])[] {
  const blocks = new Map<string, Row[]>();
  for (const row of rows) {
    const block = blocks.get(row.block);
    if (block === undefined) blocks.set(row.block, [row]);
    else block.push(row);
  }
  return [...blocks.values()];
}

/** The same windows with the group labels dealt anew (Fisher–Yates). */
function shuffled(rows: readonly Row[], draw: Draw): readonly Row[] {
  const labels = rows.map(({ inA }) => inA);
  for (let last = labels.length - 1; last > 0; last -= 1) {
    const other = draw(last + 1);
    [labels[last], labels[other]] = [labels[other] ?? false, labels[last] ?? false];
  }
  return rows.map((row, index) => ({ ...row, inA: labels[index] ?? false }));
}

function statisticOf(rows: readonly Row[]): { readonly ofA: number; readonly ofB: number; readonly t: number } {
  const [a, b] = [true, false].map((side) => {
    const points = rows.filter(({ inA }) => inA === side).map(({ point }) => point);
    return fitRatio({
      features: points.map(({ features }) => features),
      capacities: points.map(({ capacity }) => capacity),
    });
  });
  if (a === undefined || b === undefined) throw new Error('two sides were asked for');
  const difference = a.estimate - b.estimate;
  const error = Math.hypot(a.standardError, b.standardError);
  const isNone = Math.abs(difference) <= ROUNDING * Math.max(Math.abs(a.estimate), Math.abs(b.estimate));
  return { ofA: a.estimate, ofB: b.estimate, t: isNone ? 0 : difference / error };
}
