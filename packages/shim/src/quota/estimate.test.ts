import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Estimator } from './estimate.ts';

const seen = fc.record({
  bodyBytes: fc.integer({ min: 0, max: 2_000_000 }),
  tokens: fc.record({
    input: fc.nat(400_000),
    output: fc.nat(64_000),
    cacheWrite: fc.nat(200_000),
    cacheRead: fc.nat(900_000),
  }),
});

describe('Estimator', () => {
  it('never expects more output than the request allows, nor anything below zero or broken', () => {
    fc.assert(
      fc.property(fc.array(seen), fc.nat(2_000_000), fc.option(fc.nat(64_000)), (history, bodyBytes, maxTokens) => {
        const estimator = new Estimator();
        for (const { bodyBytes: bytes, tokens } of history) estimator.learn(bytes, tokens);
        const expected = estimator.expect(bodyBytes, maxTokens);
        for (const value of Object.values(expected)) {
          expect(Number.isInteger(value)).toBe(true);
          expect(value).toBeGreaterThanOrEqual(0);
        }
        if (maxTokens !== null) expect(expected.output).toBeLessThanOrEqual(maxTokens);
      }),
    );
  });

  it('starts from four bytes a token', () => {
    expect(new Estimator().expect(4000, 100)).toEqual({ input: 1000, output: 100, cacheWrite: 0, cacheRead: 0 });
    expect(new Estimator().expect(4000, null).output).toBe(500);
  });

  it('takes the first observation whole and then follows the traffic', () => {
    const estimator = new Estimator();
    estimator.learn(1000, { input: 10, output: 50, cacheWrite: 100, cacheRead: 800 });
    expect(estimator.expect(2000, null)).toEqual({ input: 20, output: 50, cacheWrite: 200, cacheRead: 1600 });
    for (let index = 0; index < 40; index += 1)
      estimator.learn(1000, { input: 300, output: 900, cacheWrite: 0, cacheRead: 0 });
    const expected = estimator.expect(1000, null);
    expect(expected.input).toBeGreaterThan(290);
    expect(expected.input).toBeLessThanOrEqual(300);
    expect(expected.output).toBeGreaterThan(890);
    expect(expected.output).toBeLessThanOrEqual(900);
    expect(expected.cacheRead).toBeLessThan(10);
  });

  it('learns nothing from an answer without usage', () => {
    const estimator = new Estimator();
    estimator.learn(1000, { input: 0, output: 0, cacheWrite: 0, cacheRead: 0 });
    estimator.learn(0, { input: 9, output: 9, cacheWrite: 9, cacheRead: 9 });
    expect(estimator.expect(1000, null)).toEqual(new Estimator().expect(1000, null));
  });
});
