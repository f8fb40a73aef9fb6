import fc from 'fast-check';
import { expect, test } from 'vitest';
import { efficiency } from './efficiency.ts';
import type { Interval } from './interval.ts';
import { arbitraryPoints } from './testing/arbitrary-points.ts';

const RUNS = { numRuns: 60 };

test('the order of the windows changes nothing, to the last bit', () => {
  fc.assert(
    fc.property(
      arbitraryPoints(0).chain((points) =>
        fc.tuple(fc.constant(points), fc.shuffledSubarray([...points], { minLength: points.length })),
      ),
      ([points, reordered]) => {
        expect(JSON.stringify(efficiency(reordered))).toBe(JSON.stringify(efficiency(points)));
      },
    ),
    RUNS,
  );
});

test('a window without capacity changes nothing but its count', () => {
  const lacking = fc.record({
    window: fc.string(),
    features: fc.integer({ min: 0, max: 99 }),
    capacity: fc.constantFrom(0, null, -3, -0.5),
  });
  fc.assert(
    fc.property(arbitraryPoints(0), fc.array(lacking, { maxLength: 4 }), (points, extra) => {
      const given = efficiency([...extra, ...points]);
      expect(given).toEqual({ ...efficiency(points), withoutCapacity: extra.length });
    }),
    RUNS,
  );
});

function scaled(interval: Interval, by: number): unknown {
  return Object.fromEntries(
    Object.entries(interval).map(([key, value]) => [key, typeof value === 'number' ? value * by : value]),
  );
}

test('other units scale the estimate and every interval', () => {
  // Powers of two, so that the last bit can be compared.
  const power = fc.integer({ min: -8, max: 8 }).map((exponent) => 2 ** exponent);
  fc.assert(
    fc.property(arbitraryPoints(3), power, power, (points, features, capacity) => {
      const plain = efficiency(points);
      const by = features / capacity;
      const other = efficiency(
        points.map((point) => ({
          ...point,
          features: point.features * features,
          capacity: (point.capacity ?? 0) * capacity,
        })),
      );
      expect(other.estimate).toBe((plain.estimate ?? Number.NaN) * by);
      expect(other.fieller).toEqual(scaled(plain.fieller, by));
      expect(other.deltaT).toEqual(scaled(plain.deltaT, by));
      expect(other.bootstrapT).toEqual(scaled(plain.bootstrapT, by));
    }),
    RUNS,
  );
});

test('each set contains the estimate, and no number in it is infinite', () => {
  fc.assert(
    fc.property(arbitraryPoints(3), fc.double({ min: 0.5, max: 0.999, noNaN: true }), (points, level) => {
      const { estimate, fieller, deltaT, standardError } = efficiency(points, { level });
      expect(fieller.kind === 'none').toBe(standardError === null);
      for (const set of [fieller, deltaT]) {
        expect(contains(set, estimate ?? Number.NaN)).toBe(true);
        for (const value of Object.values(set))
          if (typeof value === 'number') expect(Number.isFinite(value)).toBe(true);
      }
    }),
    { numRuns: 100 },
  );
});

function contains(set: Interval, value: number): boolean {
  if (set.kind === 'none') return true;
  if (set.kind === 'bounded') return set.lo <= value && value <= set.hi;
  if (set.shape === 'whole-line') return true;
  if (set.shape === 'complement') return value <= set.below || value >= set.above;
  return set.shape === 'at-least' ? value >= set.end : value <= set.end;
}

test('more confidence never gives a narrower interval', () => {
  fc.assert(
    fc.property(arbitraryPoints(3), (points) => {
      const [low, high] = [0.8, 0.95].map((level) => efficiency(points, { level }));
      if (low?.fieller.kind !== 'bounded' || high === undefined) return;
      expect(contains(high.fieller, low.fieller.lo) && contains(high.fieller, low.fieller.hi)).toBe(true);
    }),
    RUNS,
  );
});

test('no windows, and windows without capacity only, have no estimate', () => {
  expect(efficiency([])).toMatchObject({ n: 0, estimate: null, sumCapacity: 0 });
  const none = efficiency([{ window: 'W0-01', features: 5, capacity: null }]);
  expect(none).toMatchObject({ n: 0, withoutCapacity: 1, sumFeatures: 0, estimate: null, standardError: null });
  expect(none.fieller).toEqual({ kind: 'none', reason: '0 windows with capacity; an interval needs at least 3' });
});

test('windows that delivered nothing say nothing about how seldom that is', () => {
  const points = [3, 9, 20, 5, 8].map((capacity, index) => ({ window: `W0-0${index}`, features: 0, capacity }));
  expect(efficiency(points)).toMatchObject({ estimate: 0, standardError: null, fieller: { kind: 'none' } });
});

test('ratios alike but for rounding count as alike', () => {
  const points = [0.1, 0.3, 0.7, 1.1].map((capacity, index) => ({
    window: `W0-0${index}`,
    features: capacity * 0.3,
    capacity,
  }));
  expect(efficiency(points).fieller.kind).toBe('none');
});

test('counts windows below the resolution of the meter and names those given twice', () => {
  const row = (window: string, capacity: number) => ({ window, features: 1, capacity });
  const points = [row('W0-02', 1), row('W0-01', 1.5), row('W0-02', 2), row('W0-03', 9)];
  expect(efficiency(points, { resolution: 2 })).toMatchObject({ n: 4, belowResolution: 2, repeated: ['W0-02'] });
  expect(efficiency(points)).toMatchObject({ belowResolution: 0 });
});

test('refuses what is not a number, and a level that is not a share', () => {
  expect(() => efficiency([{ window: 'W0-07', features: Number.NaN, capacity: 3 }])).toThrow(/W0-07/);
  expect(() => efficiency([{ window: 'W0-07', features: 1, capacity: Infinity }])).toThrow(RangeError);
  expect(() => efficiency([], { level: 95 })).toThrow(RangeError);
});
