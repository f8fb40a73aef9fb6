import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseDurationMs } from './duration.ts';

describe('parseDurationMs', () => {
  it.each([
    ['120', 120_000],
    [' 5 ', 5_000],
    ['250ms', 250],
    ['30s', 30_000],
    ['1.5h', 5_400_000],
    ['1m30s', 90_000],
    ['1h2m3s4ms', 3_723_004],
    ['0', null],
    ['0s', null],
    ['-5', null],
    ['-5s', null],
    ['1d', null],
    ['5 m', null],
    ['m', null],
    ['1e3', null],
    ['1.5', null],
    ['', null],
    ['soon', null],
    ['5s soon', null],
  ])('%j is %s', (text, expected) => {
    expect(parseDurationMs(text)).toBe(expected);
  });

  it('adds up its parts', () => {
    const part = fc.tuple(
      fc.nat(500),
      fc.constantFrom(['ms', 1], ['s', 1000], ['m', 60_000]) as fc.Arbitrary<[string, number]>,
    );
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 4 }), (parts) => {
        const text = parts.map(([amount, [unit]]) => `${amount}${unit}`).join('');
        const total = parts.reduce((sum, [amount, [, ms]]) => sum + amount * ms, 0);
        expect(parseDurationMs(text)).toBe(total === 0 ? null : total);
      }),
    );
  });
});
