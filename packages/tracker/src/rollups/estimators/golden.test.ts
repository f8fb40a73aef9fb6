import { expect, test } from 'vitest';
import { deltaT } from './delta-t.ts';
import { efficiency } from './efficiency.ts';
import { normalCdf } from './normal.ts';
import { power } from './power.ts';
import { fitRatio } from './ratio.ts';
import type { WindowPoint } from './window-point.ts';

/**
 * What the tracker before this one printed: features of windows without capacity stay in the numerator, the standard
 * error lacks √n, and 1.96 is used at any n.
 */
function originalEfficiency(points: readonly WindowPoint[]) {
  const features = points.reduce((sum, point) => sum + point.features, 0);
  const usable = points.filter(({ capacity }) => (capacity ?? 0) > 0);
  const capacity = usable.reduce((sum, point) => sum + (point.capacity ?? 0), 0);
  const n = usable.length;
  if (capacity <= 0) return { n, estimate: null, ci: null, power: null };
  const estimate = features / capacity;
  if (n < 3) return { n, estimate, ci: null, power: null };
  const squares = usable.reduce((sum, point) => sum + (point.features - estimate * (point.capacity ?? 0)) ** 2, 0);
  if (squares <= 1e-30) return { n, estimate, ci: [estimate, estimate], power: 1 };
  const error = Math.sqrt(squares / (n - 1)) / capacity;
  const chance = 1 - normalCdf(1.96 - 0.1 / error) + normalCdf(-1.96 - 0.1 / error);
  const ci = [Math.max(estimate - 1.96 * error, 0), estimate + 1.96 * error];
  return { n, estimate, ci, power: Math.min(1, Math.max(0, chance)) };
}

function pointsOf(...rows: readonly (readonly [number, number])[]): readonly WindowPoint[] {
  return rows.map(([features, capacity], index) => ({ window: `W0-0${index + 1}`, features, capacity }));
}

function near(value: number) {
  return expect.closeTo(value, 6) as unknown;
}

const THREE = pointsOf([2, 10], [4, 8], [1, 6]);

test('three windows: a third of the width was printed', () => {
  expect(originalEfficiency(THREE)).toEqual({
    n: 3,
    estimate: near(0.2916667),
    ci: [near(0.1735947), near(0.4097386)],
    power: near(0.3822376),
  });
  // By the textbook formulas in NumPy and SciPy: Fieller's A, B, C; noncentral t for the power.
  const corrected = efficiency(THREE);
  expect(corrected).toMatchObject({
    n: 3,
    estimate: near(0.2916667),
    standardError: near(0.1043401),
    fieller: { kind: 'bounded', lo: near(-0.255556), hi: near(0.8912082) },
    deltaT: { kind: 'bounded', lo: near(-0.3928596), hi: near(0.976193) },
    bootstrapT: { kind: 'none', reason: 'needs 5 windows, has 3' },
  });
  expect(power(corrected)).toBeCloseTo(0.0916014, 6);
});

test('three windows: delta-t before its residuals are inflated for leverage', () => {
  const fit = fitRatio({ features: [2, 4, 1], capacities: [10, 8, 6] });
  expect(deltaT(fit, fit.standardError, 0.95)).toEqual({
    kind: 'bounded',
    lo: near(-0.1572727),
    hi: near(0.740606),
  });
});

test('two windows: an estimate and no interval, then and now', () => {
  const two = pointsOf([2, 10], [3, 12]);
  expect(originalEfficiency(two)).toEqual({ n: 2, estimate: near(0.2272727), ci: null, power: null });
  const corrected = efficiency(two);
  expect(corrected.estimate).toBeCloseTo(0.2272727, 7);
  expect(corrected.fieller).toEqual({
    kind: 'none',
    reason: '2 windows with capacity; an interval needs at least 3',
  });
  expect(power(corrected)).toBeNull();
});

test('three windows alike: certainty was printed, where nothing shows the spread', () => {
  const alike = pointsOf([2, 10], [2, 10], [2, 10]);
  expect(originalEfficiency(alike)).toEqual({ n: 3, estimate: near(0.2), ci: [near(0.2), near(0.2)], power: 1 });
  const corrected = efficiency(alike);
  expect(corrected.estimate).toBeCloseTo(0.2, 15);
  for (const interval of [corrected.fieller, corrected.deltaT, corrected.bootstrapT]) {
    expect(interval).toMatchObject({ kind: 'none', reason: expect.stringContaining('the same ratio') as unknown });
  }
  expect(power(corrected)).toBeNull();
});

test('a window without capacity: its 3 features nearly doubled the estimate', () => {
  const points = pointsOf([3, 0], [4, 8], [1, 6], [2, 5]);
  expect(originalEfficiency(points)).toMatchObject({
    n: 3,
    estimate: near(0.5263158),
    ci: [near(0.3615903), near(0.6910413)],
  });
  const corrected = efficiency(points);
  expect(corrected).toMatchObject({ n: 3, withoutCapacity: 1, sumFeatures: 7, sumCapacity: 19 });
  expect(corrected.estimate).toBeCloseTo(7 / 19, 15);
});

test('2 features for 40 prompts; 3 for 18 pp', () => {
  expect(efficiency(pointsOf([2, 40])).estimate).toBeCloseTo(0.05, 15);
  expect(efficiency(pointsOf([3, 18])).estimate).toBeCloseTo(1 / 6, 15);
});
