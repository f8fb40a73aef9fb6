import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { clock, compact, countdown, milliseconds, wholePct } from './numbers.ts';

test.each([
  [null, '–'],
  [undefined, '–'],
  [0, '0'],
  [999, '999'],
  [999.6, '1.0k'],
  [12_345, '12.3k'],
  [99_949, '99.9k'],
  [99_951, '100k'],
  [999_499, '999k'],
  [999_500, '1.0M'],
  [4_500_000, '4.5M'],
  [1e30, '>999T'],
])('compact(%s) is %s', (value, text) => {
  expect(compact(value)).toBe(text);
});

test('a compact number is never wider than five cells', () => {
  fc.assert(fc.property(fc.double({ min: 0, noNaN: true }), (value) => compact(value).length <= 5));
});

describe('percent', () => {
  test.each([
    [0, '0%'],
    [0.0001, '<1%'],
    [0.415, '42%'],
    [0.9999, '99%'],
    [1, '100%'],
    [1.02, '102%'],
    [500, '>999%'],
  ])('wholePct(%s) is %s', (pct, text) => {
    expect(wholePct(pct)).toBe(text);
  });

  test('only what is full says 100', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (pct) => wholePct(pct) !== '100%'),
    );
  });
});

test.each([
  [-5, '0s'],
  [59.9, '59s'],
  [61, '1m 01s'],
  [3599, '59m'],
  [3661, '1h 01m'],
  [90_000, '1d 1h'],
  [1e30, '>99d'],
])('countdown(%s) is %s', (seconds, text) => {
  expect(countdown(seconds)).toBe(text);
});

test.each([
  [null, '–'],
  [610.4, '610ms'],
  [999.6, '1.0s'],
  [59_960, '59s'],
  [250_000, '4m 10s'],
])('milliseconds(%s) is %s', (ms, text) => {
  expect(milliseconds(ms)).toBe(text);
});

test('a clock time names the day from a day away, and the date from six', () => {
  const nowTs = 1_893_456_000;
  expect(clock(nowTs + 3600, nowTs, 'UTC')).toBe('01:00');
  expect(clock(nowTs + 3600, nowTs, 'Asia/Tokyo')).toBe('10:00');
  expect(clock(nowTs + 2 * 86_400, nowTs, 'UTC')).toBe('Thu 00:00');
  expect(clock(nowTs + 30 * 86_400, nowTs, 'UTC')).toBe('31 Jan 2030 00:00');
  expect(clock(1e300, nowTs, 'UTC')).toBe('–');
});
