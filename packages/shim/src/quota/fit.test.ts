import { describe, expect, it } from 'vitest';
import { fitCapacity, student975, type FitPair } from './fit.ts';

function pairsOf(...pairs: readonly (readonly [tokens: number, moved: number])[]): FitPair[] {
  return pairs.map(([tokens, moved]) => ({ tokens, moved, source: 'header' }));
}

describe('fitCapacity', () => {
  it('is the ratio of sums with its standard error, by hand', () => {
    // ΣΔt = 4000, ΣΔu = 0.08, k = 2e-5, capacity 50 000.
    // Residuals: 0.02−0.02 = 0; 0.03−0.04 = −0.01; 0.03−0.02 = 0.01. s² = 2e-4/2 = 1e-4.
    // SE = √(3·1e-4)/4000 = 0.0173205/4000 = 4.33013e-6, relative 0.216506.
    // t(2) = 4.30265: reach 1.86310e-5. 1/(2e-5 + 1.86310e-5) = 25 885.9; 1/(2e-5 − 1.86310e-5) = 730 482.
    const fit = fitCapacity(pairsOf([1000, 0.02], [2000, 0.03], [1000, 0.03]));
    expect(fit.capacityTokens).toBeCloseTo(50_000, 6);
    expect(fit.relError).toBeCloseTo(0.216506, 6);
    expect(fit.low).toBeCloseTo(25_885.9, 0);
    expect((fit.high ?? 0) / 730_482).toBeCloseTo(1, 3);
  });

  it('has no upper end where the pairs do not bound it', () => {
    // k = 0.06/3000 = 2e-5; residuals 0.02, −0.01, −0.01: s² = 3e-4, SE = √(9e-4)/3000 = 1e-5; 4.30265e-5 > k.
    const fit = fitCapacity(pairsOf([1000, 0.04], [1000, 0.01], [1000, 0.01]));
    expect(fit).toMatchObject({ high: null });
    expect(fit.relError).toBeCloseTo(0.5, 9);
    // 1 / 6.30265e-5.
    expect(fit.low).toBeCloseTo(15_866.3, 0);
  });

  it('is not certain because pairs are alike', () => {
    // No residuals. 0.01/√6 = 0.00408248; relative to ΣΔu = 0.12: 0.0340207. t(2) = 4.30265: reach 0.146379.
    const fit = fitCapacity(pairsOf([2000, 0.04], [2000, 0.04], [2000, 0.04]));
    expect(fit.capacityTokens).toBeCloseTo(50_000, 6);
    expect(fit.relError).toBeCloseTo(0.0340207, 7);
    // 50 000 / 1.146379 and 50 000 / 0.853621.
    expect(fit.low).toBeCloseTo(43_615.6, 0);
    expect(fit.high).toBeCloseTo(58_574, 0);
  });

  it('has no interval below three pairs and no capacity without one', () => {
    const none = { capacityTokens: null, low: null, high: null, relError: null };
    expect(fitCapacity([])).toEqual(none);
    expect(fitCapacity(pairsOf([1000, 0.01]))).toEqual({ ...none, capacityTokens: 100_000 });
    expect(fitCapacity(pairsOf([1000, 0.01], [3000, 0.03]))).toEqual({ ...none, capacityTokens: 100_000 });
  });
});

describe('student975', () => {
  // Any printed table of Student's t, 97.5 %.
  it.each([
    [1, 12.706],
    [2, 4.303],
    [9, 2.262],
    [10, 2.228],
    [20, 2.086],
    [30, 2.042],
    [60, 2.0],
    [120, 1.98],
    [199, 1.972],
  ])('%i degrees: %d', (df, wanted) => {
    expect(Math.abs(student975(df) - wanted)).toBeLessThan(0.0006);
  });
});
