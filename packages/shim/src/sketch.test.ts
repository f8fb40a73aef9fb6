import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Sketch } from './sketch.ts';

const value = fc.oneof(
  fc.integer({ min: 1, max: 120_000 }),
  fc.double({ min: 0.001, max: 1e7, noNaN: true }),
  fc.constant(0),
);
const share = fc.oneof(fc.constantFrom(0, 0.5, 0.9, 0.99, 1), fc.double({ min: 0, max: 1, noNaN: true }));

/** Linear interpolation on rank (n−1)·p over the sorted values. */
function exact(values: readonly number[], p: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const rank = (sorted.length - 1) * p;
  const low = sorted[Math.floor(rank)] ?? 0;
  return low + ((sorted[Math.ceil(rank)] ?? 0) - low) * (rank - Math.floor(rank));
}

function sketchOf(values: readonly number[]): Sketch {
  const sketch = new Sketch();
  for (const one of values) sketch.add(one);
  return sketch;
}

describe('Sketch', () => {
  it('is within 1 % of the exact interpolated quantile, for any values', () => {
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 300 }), share, (values, p) => {
        const wanted = exact(values, p);
        expect(Math.abs((sketchOf(values).quantile(p) ?? NaN) - wanted)).toBeLessThanOrEqual(wanted * 0.01 + 1e-6);
      }),
      { numRuns: 500 },
    );
  });

  it('interpolates between the two middle values', () => {
    const p50 = sketchOf([10, 20, 30, 40]).quantile(0.5) ?? 0;
    expect(p50).toBeGreaterThan(25 * 0.99);
    expect(p50).toBeLessThan(25 * 1.01);
  });

  it('has no quantile without values, and zeros are zeros', () => {
    expect(new Sketch().quantile(0.5)).toBeNull();
    expect(sketchOf([0, 0, 0]).quantile(0.99)).toBe(0);
    expect(new Sketch().winsorisedSum(0.01, 0.99)).toBe(0);
  });

  it('merges into the sketch of all values, whatever the parts', () => {
    fc.assert(
      fc.property(fc.array(fc.array(value, { maxLength: 40 }), { maxLength: 6 }), share, (parts, p) => {
        const merged = new Sketch();
        for (const part of parts) merged.merge(sketchOf(part));
        const whole = sketchOf(parts.flat());
        expect(merged.count).toBe(whole.count);
        expect(merged.quantile(p)).toBe(whole.quantile(p));
        expect(merged.winsorisedSum(0.01, 0.99)).toBeCloseTo(whole.winsorisedSum(0.01, 0.99), 3);
      }),
    );
  });

  it('comes back from JSON as it was', () => {
    fc.assert(
      fc.property(fc.array(value, { maxLength: 200 }), share, (values, p) => {
        const sketch = sketchOf(values);
        const back = Sketch.from(JSON.parse(JSON.stringify(sketch)));
        expect(back?.count).toBe(sketch.count);
        expect(back?.quantile(p)).toBe(sketch.quantile(p));
        expect(JSON.stringify(back)).toBe(JSON.stringify(sketch));
      }),
    );
  });

  it('is not made from anything else', () => {
    const garbage = [null, 1, 'x', [], {}, { zeros: 0 }, { zeros: -1, bins: [] }, { zeros: 0, bins: [1] }];
    const badBins = [
      [1, -1],
      [1, 'x'],
      [NaN, 1],
      [5, 1, 0, 1],
      [5, 1, -1, 1],
      [1, 0.5],
    ];
    for (const json of [...garbage, ...badBins.map((bins) => ({ zeros: 0, bins }))]) {
      expect({ json, sketch: Sketch.from(json) }).toEqual({ json, sketch: null });
    }
    fc.assert(
      fc.property(fc.jsonValue(), (json) => {
        Sketch.from(json)?.quantile(0.5);
      }),
    );
  });

  it('leaves the sketch it merges as it was', () => {
    const part = sketchOf([1, 2, 3]);
    const merged = sketchOf([100]);
    merged.merge(part);
    merged.add(5);
    expect(part.count).toBe(3);
    expect(part.quantile(1)).toBeLessThan(3.1);
  });

  it('sums within 1 %, and clamps the outlier a plain sum would follow', () => {
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 200 }), (values) => {
        const sum = values.reduce((total, one) => total + one, 0);
        expect(Math.abs(sketchOf(values).winsorisedSum(0, 1) - sum)).toBeLessThanOrEqual(sum * 0.01 + 1e-3);
      }),
    );
    const calm = Array.from({ length: 199 }, () => 100);
    const winsorised = sketchOf([...calm, 1e9]).winsorisedSum(0.01, 0.99);
    expect(winsorised).toBeGreaterThan(200 * 100 * 0.98);
    expect(winsorised).toBeLessThan(200 * 100 * 1.02);
  });
});
