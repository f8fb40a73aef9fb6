import { describe, expect, it } from 'vitest';
import { ResetGaps } from './reset-gaps.ts';

const RESET_TS = 1_760_000_000;

describe('ResetGaps', () => {
  it('keeps the signs and interpolates', () => {
    const gaps = new ResetGaps();
    for (const [index, seconds] of [-30, 0, 60, 600].entries()) {
      gaps.add({ meter: 'unified-5h', resetsTs: RESET_TS + index * 18_000, seconds });
    }
    // Ranks 1.5 and 2.85: 0 + 0.5·60; 60 + 0.85·540.
    expect(gaps.summary()).toMatchObject({ gapP50: 30, gapSamples: 4 });
    expect(gaps.summary().gapP95).toBeCloseTo(519, 9);
    expect(new ResetGaps().summary()).toEqual({ gapP50: null, gapP95: null, gapSamples: 0 });
  });

  it('keeps one for each vendor window, the latest', () => {
    const gaps = new ResetGaps();
    gaps.add({ meter: 'unified-5h', resetsTs: RESET_TS, seconds: 500 });
    gaps.add({ meter: 'unified-7d', resetsTs: RESET_TS, seconds: 9 });
    gaps.add({ meter: 'unified-5h', resetsTs: RESET_TS + 299, seconds: 100 });
    expect(gaps.summary()).toMatchObject({ gapP50: 54.5, gapSamples: 2 });
    gaps.add({ meter: 'unified-5h', resetsTs: RESET_TS + 18_000, seconds: 100 });
    expect(gaps.summary().gapSamples).toBe(3);
  });

  it('keeps the newest hundred', () => {
    const gaps = new ResetGaps();
    for (let index = 0; index < 150; index += 1) {
      gaps.add({ meter: 'unified-5h', resetsTs: RESET_TS + index * 18_000, seconds: index });
    }
    expect(gaps.summary()).toMatchObject({ gapP50: 99.5, gapSamples: 100 });
  });
});
