import fc from 'fast-check';
import { expect, test } from 'vitest';
import { noncentralTCdf } from './noncentral-t.ts';
import { normalCdf } from './normal.ts';
import { criticalT, studentCdf, studentQuantile } from './student-t.ts';

// NIST/SEMATECH e-Handbook 1.3.6.7.2 and Abramowitz & Stegun 26.10, with the digits SciPy 1.17 adds.
test.each([
  [0.975, 1, 12.706204736174694],
  [0.975, 2, 4.302652729749462],
  [0.975, 3, 3.1824463052837078],
  [0.975, 4, 2.7764451051977934],
  [0.975, 9, 2.262157162798205],
  [0.975, 19, 2.0930240544083087],
  [0.975, 30, 2.0422724563012378],
  [0.975, 100, 1.9839715185235518],
  [0.975, 100_000, 1.9599877075346095],
  [0.9995, 1, 636.6192487687897],
  [0.9995, 4, 8.610301581379522],
  [0.9, 4, 1.5332062740589438],
])('the quantile %d of t(%d) is %d', (p, df, t) => {
  expect(Math.abs(studentQuantile(p, df) / t - 1)).toBeLessThan(1e-8);
  expect(studentQuantile(1 - p, df)).toBeCloseTo(-studentQuantile(p, df), 9);
});

test('the far tail of t keeps its digits', () => {
  expect(studentQuantile(1e-10, 2) / -70710.67810804816).toBeCloseTo(1, 10);
  expect(studentQuantile(1e-10, 100) / -7.083375481400722).toBeCloseTo(1, 10);
});

test.each([
  [-1.5, 1, 0.18716704181099886],
  [-1.5, 4, 0.104],
  [-1.5, 30, 0.072032964564323],
  [0, 7, 0.5],
  [2.0, 5, 0.9490302605850709],
])('the CDF of t at %d with %d degrees of freedom is %d', (t, df, p) => {
  expect(studentCdf(t, df)).toBeCloseTo(p, 12);
});

test('t(1) is the Cauchy distribution', () => {
  fc.assert(
    fc.property(fc.double({ min: -50, max: 50, noNaN: true }), (t) => {
      expect(studentCdf(t, 1)).toBeCloseTo(0.5 + Math.atan(t) / Math.PI, 12);
    }),
  );
});

test('a quantile of t undoes its CDF', () => {
  fc.assert(
    fc.property(fc.double({ min: 1e-6, max: 1 - 1e-6, noNaN: true }), fc.integer({ min: 1, max: 300 }), (p, df) => {
      expect(studentCdf(studentQuantile(p, df), df)).toBeCloseTo(p, 12);
    }),
  );
});

test.each([
  [-40, 0],
  [-8, 6.22096057427174e-16],
  [-3, 0.0013498980316300933],
  [-1, 0.15865525393145707],
  [0.5, 0.6914624612740131],
  [1.96, 0.9750021048517795],
  [2.9999, 0.998649658717045],
  [5, 0.9999997133484281],
])('Φ(%d) is %d', (x, p) => {
  expect(Math.abs(normalCdf(x) - p)).toBeLessThanOrEqual(1e-13 * p);
});

test('t with many degrees of freedom is the normal distribution', () => {
  for (const x of [-3, -1, 0.3, 2]) expect(studentCdf(x, 1e6)).toBeCloseTo(normalCdf(x), 6);
});

// SciPy 1.17, scipy.stats.nct.cdf.
test.each([
  [4.302652729911275, 2, 0.9583, 0.9126600362421331],
  [2.776, 4, 3, 0.3806222701078517],
  [-2.776, 4, 3, 3.92456222746097e-6],
  [12.7, 1, 2, 0.8747161943558133],
  [2, 30, 8, 3.013263321878224e-9],
  [31.6, 2, 10, 0.9039832279905163],
  [2, 100, 2.5, 0.3085182146931649],
])('the noncentral t at %d with df %d, δ %d is %d', (t, df, delta, p) => {
  expect(Math.abs(noncentralTCdf(t, { df, delta }) - p)).toBeLessThan(1e-9);
});

test('without a shift the noncentral t is the central one', () => {
  for (const df of [1, 2, 7, 40]) {
    expect(noncentralTCdf(1.3, { df, delta: 0 })).toBeCloseTo(studentCdf(1.3, df), 9);
  }
});

test('asks for probabilities, levels and degrees of freedom that exist', () => {
  for (const p of [0, 1, -0.1, Number.NaN]) expect(() => studentQuantile(p, 3)).toThrow(RangeError);
  for (const level of [0, 1, 95]) expect(() => criticalT(level, 3)).toThrow(RangeError);
  expect(() => studentQuantile(0.9, 0)).toThrow(RangeError);
});
