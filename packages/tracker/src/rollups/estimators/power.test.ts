import fc from 'fast-check';
import { expect, test } from 'vitest';
import { efficiency } from './efficiency.ts';
import { power, windowsNeeded } from './power.ts';
import { criticalT } from './student-t.ts';
import { arbitraryPoints } from './testing/arbitrary-points.ts';

const THREE = efficiency(
  [[2, 10], [4, 8], [1, 6]].map(([features, capacity], at) => ({ window: `W0-${at}`, features: features!, capacity: capacity! })), // prettier-ignore
);

// The search written out in Python over scipy.stats.t.
test.each([
  [0.1, 16],
  [0.05, 53],
])('± %d takes %d windows like the three', (halfWidth, windows) => {
  expect(windowsNeeded(THREE, halfWidth)).toBe(windows);
});

test('the number of windows is enough, and one fewer is not', () => {
  fc.assert(
    fc.property(arbitraryPoints(3), fc.double({ min: 0.02, max: 2, noNaN: true }), (points, halfWidth) => {
      const result = efficiency(points);
      const needed = windowsNeeded(result, halfWidth);
      if (result.standardError === null || needed === null) {
        expect(result.standardError).toBeNull();
        return;
      }
      const deviation = result.standardError * Math.sqrt(result.n);
      const half = (n: number) => (criticalT(0.95, n - 1) * deviation) / Math.sqrt(n);
      expect(needed).toBeGreaterThanOrEqual(3);
      expect(half(needed)).toBeLessThanOrEqual(halfWidth * (1 + 1e-9));
      if (needed > 3) expect(half(needed - 1)).toBeGreaterThan(halfWidth);
    }),
    { numRuns: 60 },
  );
});

test('no effect is noticed as often as chance is allowed to be, a large one always', () => {
  expect(power(THREE, 0)).toBeCloseTo(0.05, 8);
  expect(power(THREE, 500)).toBe(1);
  expect(power(THREE, -0.4)).toBe(power(THREE, 0.4));
  const chances = [0.05, 0.1, 0.3, 1, 3].map((effect) => power(THREE, effect) ?? Number.NaN);
  expect(chances).toEqual(chances.toSorted((a, b) => a - b));
});

test('has no answer without a spread, or beyond a million windows', () => {
  const two = efficiency([{ window: 'W0-01', features: 1, capacity: 4 }]);
  expect(power(two)).toBeNull();
  expect(windowsNeeded(two, 0.1)).toBeNull();
  expect(windowsNeeded(THREE, 1e-6)).toBeNull();
  expect(() => windowsNeeded(THREE, 0)).toThrow(RangeError);
  expect(() => power(THREE, Number.NaN)).toThrow(RangeError);
});
