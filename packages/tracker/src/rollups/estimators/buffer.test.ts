import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bufferVerdict, runOutProbability } from './buffer.ts';
import type { BufferInput, BufferStatus } from './buffer.ts';
import { upperQuantile } from './upper-quantile.ts';

const TEN = [3, 5, 2, 7, 4, 6, 1, 9, 8, 10];

const CASES: readonly [BufferInput, BufferStatus, string][] = [
  [
    { current_pp: 40, deltas_pp: TEN },
    'ok',
    '40 pp used; 10 windows so far, the next takes at most 10 pp with 90 % confidence; that leads to 50 pp, within the limit of 90 pp (100 less the reserve of 10 pp), 40 pp to spare',
  ],
  [
    { current_pp: 84, deltas_pp: [4, 6, 8] },
    'inside-buffer',
    '84 pp used; 3 windows so far, the next takes at most 8 pp with 75 % confidence; that leads to 92 pp, 2 pp over the limit of 90 pp (100 less the reserve of 10 pp)',
  ],
  [
    { current_pp: 93, deltas_pp: [] },
    'inside-buffer',
    '93 pp used, already 3 pp over the limit of 90 pp (100 less the reserve of 10 pp)',
  ],
  [
    { current_pp: 20, deltas_pp: [5, 5] },
    'indeterminate',
    '20 pp used, limit 90 pp (100 less the reserve of 10 pp); 2 windows so far, the next takes at most 5 pp with 66 % confidence, too few to allow another',
  ],
  [
    { current_pp: 20, deltas_pp: [] },
    'indeterminate',
    '20 pp used, limit 90 pp (100 less the reserve of 10 pp); no earlier windows, too few to allow another',
  ],
  [{ current_pp: 100, deltas_pp: TEN }, 'at-limit', '100 pp used: nothing is left'],
  [{ current_pp: 103.5, deltas_pp: [] }, 'at-limit', '103.5 pp used: nothing is left'],
  [{ current_pp: null, deltas_pp: TEN }, 'no-data', 'no reading of the bar, so nothing says how much is left'],
  [
    { current_pp: 84, deltas_pp: TEN, need_pp: 6 },
    'ok',
    '84 pp used; the next window is said to need 6 pp; that leads to 90 pp, within the limit of 90 pp (100 less the reserve of 10 pp), 0 pp to spare',
  ],
  [
    { current_pp: 84, deltas_pp: [], need_pp: 6.004 },
    'inside-buffer',
    '84 pp used; the next window is said to need 6 pp; that leads to 90 pp, less than 0.01 pp over the limit of 90 pp (100 less the reserve of 10 pp)',
  ],
  [
    { current_pp: 84, deltas_pp: [], need_pp: 9, reserve_pp: 5 },
    'ok',
    '84 pp used; the next window is said to need 9 pp; that leads to 93 pp, within the limit of 95 pp (100 less the reserve of 5 pp), 2 pp to spare',
  ],
];

test.each(CASES)('%j is %s', (input, status, sentence) => {
  expect(bufferVerdict(input)).toMatchObject({ status, sentence });
});

test('two windows can refuse: that is the safe side', () => {
  expect(bufferVerdict({ current_pp: 80, deltas_pp: [3, 12] }).status).toBe('inside-buffer');
});

test('sums of decimals do not tip the verdict', () => {
  expect(bufferVerdict({ current_pp: 89.7, deltas_pp: [], need_pp: 0.3 }).status).toBe('ok');
  expect(bufferVerdict({ current_pp: 89.7, deltas_pp: [], need_pp: 0.31 }).status).toBe('inside-buffer');
});

test('the rank of the quantile, and what the largest can promise', () => {
  const upTo = (n: number) => Array.from({ length: n }, (_, index) => index + 1);
  expect(upperQuantile([], 0.9)).toBeNull();
  expect(upperQuantile(upTo(1), 0.9)).toEqual({ value: 1, n: 1, confidence: 0.5 });
  expect(upperQuantile(upTo(8), 0.9)).toEqual({ value: 8, n: 8, confidence: 8 / 9 });
  expect(upperQuantile(upTo(9), 0.9)).toEqual({ value: 9, n: 9, confidence: 0.9 });
  expect(upperQuantile(upTo(19), 0.9)).toEqual({ value: 18, n: 19, confidence: 0.9 });
  expect(upperQuantile(upTo(25), 0.9)).toEqual({ value: 24, n: 25, confidence: 24 / 26 });
  expect(() => upperQuantile([1], 1)).toThrow(RangeError);
});

test('holds the next of exchangeable values as often as it says', () => {
  // Of n + 1 values in a random order, each is last equally often: count instead of drawing.
  for (const n of [3, 9, 14, 30]) {
    const values = Array.from({ length: n + 1 }, (_, index) => (index * index) % 41);
    const held = values.filter((last, at) => last <= (upperQuantile(values.toSpliced(at, 1), 0.9)?.value ?? -1));
    expect(held.length / (n + 1)).toBeGreaterThanOrEqual(Math.min(0.9, n / (n + 1)) - 1e-12);
  }
});

test('run-out is counted and never quite 0 or 1 while there is room', () => {
  const probability = (current_pp: number, deltas_pp: readonly number[]) =>
    bufferVerdict({ current_pp, deltas_pp }).run_out_probability;
  expect(probability(40, TEN)).toBeCloseTo(0.5 / 11, 15);
  // 8, 9 and 10 reach 100 from 92; 8 does so exactly.
  expect(probability(92, TEN)).toBeCloseTo(3.5 / 11, 15);
  expect(probability(99.5, TEN)).toBeCloseTo(10.5 / 11, 15);
  expect(probability(100, TEN)).toBe(1);
  expect(probability(40, [])).toBeNull();
  expect(bufferVerdict({ current_pp: null, deltas_pp: TEN }).run_out_probability).toBeNull();
  expect(runOutProbability(0, [])).toBe(1);
});

test('more used, a larger need or a larger reserve never turns a refusal into a go', () => {
  const pp = fc.double({ min: 0, max: 100, noNaN: true });
  const deltas = fc.array(fc.double({ min: 0, max: 40, noNaN: true }), { maxLength: 14 });
  fc.assert(
    fc.property(pp, deltas, pp, fc.option(pp, { nil: undefined }), (current_pp, deltas_pp, more, need_pp) => {
      const need = need_pp === undefined ? {} : { need_pp };
      const input = { current_pp, deltas_pp, ...need };
      if (bufferVerdict(input).status === 'ok') return;
      expect(bufferVerdict({ ...input, current_pp: current_pp + more }).status).not.toBe('ok');
      expect(bufferVerdict({ ...input, reserve_pp: 10 + more * 0.9 }).status).not.toBe('ok');
      if (need_pp !== undefined) expect(bufferVerdict({ ...input, need_pp: need_pp + more }).status).not.toBe('ok');
    }),
  );
});

test('refuses amounts that are none', () => {
  for (const bad of [-1, Number.NaN, Infinity]) {
    expect(() => bufferVerdict({ current_pp: bad, deltas_pp: [] })).toThrow(RangeError);
    expect(() => bufferVerdict({ current_pp: 1, deltas_pp: [bad] })).toThrow(RangeError);
    expect(() => bufferVerdict({ current_pp: 1, deltas_pp: [], need_pp: bad })).toThrow(RangeError);
  }
  expect(() => bufferVerdict({ current_pp: 1, deltas_pp: [], reserve_pp: 101 })).toThrow(RangeError);
});
