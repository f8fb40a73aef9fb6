import { describe, expect, it } from 'vitest';
import { medianOf, middleOf, quantile } from './quantiles.ts';

describe('quantile', () => {
  it('lies between two ranks', () => {
    // Rank 0.95·3 = 2.85: 30 + 0.85·10.
    expect(quantile([10, 20, 30, 40], 0.95)).toBeCloseTo(38.5, 9);
    expect(quantile([10, 20, 30, 40], 0.5)).toBe(25);
    expect(quantile([7], 0.95)).toBe(7);
    expect(quantile([], 0.5)).toBeNull();
  });
});

describe('middleOf', () => {
  it('is not moved by one wild value', () => {
    // Median 3; distances 2, 1, 0, 1, 97 with median 1.
    expect(middleOf([1, 2, 3, 4, 100])).toEqual({ median: 3, spread: 1.4826 });
    expect(middleOf([])).toBeNull();
    expect(medianOf([4, 1])).toBe(2.5);
  });
});
