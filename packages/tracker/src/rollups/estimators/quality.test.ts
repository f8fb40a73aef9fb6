import fc from 'fast-check';
import { expect, test } from 'vitest';
import { efficiency } from './efficiency.ts';
import { qualityEfficiency } from './quality.ts';
import { arbitraryPoints } from './testing/arbitrary-points.ts';

test('weighs features by quality; what has none leaves both sums and is counted', () => {
  const result = qualityEfficiency([
    { window: 'W0-01', features: 2, capacity: 10, quality: 0.5 },
    { window: 'W0-02', features: 4, capacity: 8, quality: 1 },
    { window: 'W0-03', features: 1, capacity: 6, quality: 0.75 },
    { window: 'W0-04', features: 9, capacity: 1, quality: null },
    { window: 'W0-05', features: 9, capacity: 1 },
    { window: 'W0-06', features: 9, capacity: 1, quality: 4 },
    { window: 'W0-07', features: 9, capacity: 0, quality: 1 },
  ]);
  expect(result).toMatchObject({
    n: 3,
    sumFeatures: 5.75,
    sumCapacity: 24,
    withoutCapacity: 1,
    withoutQuality: 2,
    onAnotherScale: 1,
  });
  expect(result.estimate).toBeCloseTo(5.75 / 24, 15);
  expect(result.fieller.kind).toBe('bounded');
});

test('at the best quality it is E, at any other not above it', () => {
  fc.assert(
    fc.property(arbitraryPoints(1), fc.double({ min: 0.5, max: 1, noNaN: true }), (points, quality) => {
      const plain = efficiency(points);
      const best = qualityEfficiency(points.map((point) => ({ ...point, quality: 1 })));
      expect(best).toEqual({ ...plain, withoutQuality: 0, onAnotherScale: 0 });
      const other = qualityEfficiency(points.map((point) => ({ ...point, quality })));
      expect(other.estimate).toBeLessThanOrEqual((plain.estimate ?? Number.NaN) * (1 + 1e-12));
    }),
    { numRuns: 30 },
  );
});
