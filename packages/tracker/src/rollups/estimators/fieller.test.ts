import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fieller, solve } from './fieller.ts';
import { fitRatio } from './ratio.ts';
import { criticalT } from './student-t.ts';
import { arbitraryPoints } from './testing/arbitrary-points.ts';

function setOf(rows: readonly (readonly [number, number])[], level = 0.95) {
  const sample = { features: rows.map(([f]) => f), capacities: rows.map(([, c]) => c) };
  return fieller(sample, fitRatio(sample), level);
}

// From A, B and C as Fieller wrote them, in NumPy.
test('four windows, bounded', () => {
  const set = setOf([
    [1, 4],
    [2, 9],
    [3, 11],
    [2, 7],
  ]);
  expect(set).toEqual({
    kind: 'bounded',
    lo: expect.closeTo(0.19423952070705502, 12) as unknown,
    hi: expect.closeTo(0.31753172198138674, 12) as unknown,
  });
});

test.each([
  { rows: [[3, 1], [1, 30], [1, 40]] as const, below: -0.1651251919052636, above: -0.01673711907319168 }, // prettier-ignore
  { rows: [[5, 1], [6, 2], [7, 30]] as const, below: -0.12435441100468736, above: 0.15462354959591068 }, // prettier-ignore
  { rows: [[0, 1], [0, 2], [5, 3]] as const, below: 2.633790540703344, above: 8.507941742761234 }, // prettier-ignore
])('$rows: all but what lies between', ({ rows, below, above }) => {
  expect(setOf(rows)).toEqual({
    kind: 'unbounded',
    shape: 'complement',
    below: expect.closeTo(below, 12) as unknown,
    above: expect.closeTo(above, 12) as unknown,
    reason: 'capacity varies too much over 3 windows for 95 % confidence to bound the ratio',
  });
});

test('the whole line, where no ratio can be ruled out', () => {
  const rows = [[2, 1], [5, 30], [1, 2]] as const; // prettier-ignore
  expect(setOf(rows)).toMatchObject({ kind: 'unbounded', shape: 'whole-line' });
  // Less confidence is to be had from the same windows.
  expect(setOf(rows, 0.5)).toMatchObject({ kind: 'bounded' });
});

test('is what a t test on f − θ·c does not reject', () => {
  fc.assert(
    fc.property(arbitraryPoints(3, 8), fc.double({ min: -3, max: 3, noNaN: true }), (points, theta) => {
      const features = points.map((point) => point.features);
      const capacities = points.map(({ capacity }) => capacity ?? 0);
      const sample = { features, capacities };
      const fit = fitRatio(sample);
      if (fit.standardError === 0) return;
      const n = points.length;
      const values = features.map((feature, index) => feature - theta * (capacities[index] ?? 0));
      const mean = values.reduce((sum, value) => sum + value, 0) / n;
      const spread = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1);
      const distance = Math.abs(mean) / Math.sqrt(spread / n) / criticalT(0.95, n - 1);
      // At the very edge rounding decides.
      if (!(Math.abs(distance - 1) > 1e-6)) return;
      const set = fieller(sample, fit, 0.95);
      const isIn =
        set.kind === 'bounded'
          ? set.lo <= theta && theta <= set.hi
          : set.shape === 'whole-line' || (set.shape === 'complement' && (theta <= set.below || theta >= set.above));
      expect(isIn).toBe(distance < 1);
    }),
    { numRuns: 300 },
  );
});

test('between an interval and its complement lies a half line', () => {
  const reason = 'why';
  // 0·φ² − 2φ − 4 ≤ 0: φ ≥ −2, moved by 10.
  expect(solve({ a: 0, b: 1, c: -4 }, { shift: 10, reason })).toEqual({
    kind: 'unbounded',
    shape: 'at-least',
    end: 8,
    reason,
  });
  expect(solve({ a: 0, b: -1, c: -4 }, { shift: 10, reason })).toMatchObject({ shape: 'at-most', end: 12 });
  expect(solve({ a: 0, b: 0, c: -4 }, { shift: 10, reason })).toMatchObject({ shape: 'whole-line' });
});
