import { expect, test } from 'vitest';
import { fitTokensToPp } from './token-fit.ts';
import type { TokenRow } from './token-fit.ts';
import { unexplained } from './unexplained.ts';

/** Million tokens of three models in ten windows. */
const MTOK = [
  [1.2, 0.3, 0.1], [2.5, 0.1, 0.4], [0.4, 1.8, 0.2], [3.1, 0.9, 0], [0.8, 0.2, 1.5],
  [1.9, 1.1, 0.3], [0.2, 2.4, 0.6], [2.2, 0.5, 0.9], [1, 1, 1.2], [2.8, 0, 0.5],
] as const; // prettier-ignore

function tokensOf([opus = 0, sonnet = 0, haiku = 0]: readonly number[]): TokenRow['tokens'] {
  return { opus: opus * 1e6, sonnet: sonnet * 1e6, haiku: haiku * 1e6 };
}

function rowsOf(pps: readonly number[]): readonly TokenRow[] {
  return pps.map((pp, row) => ({ pp, tokens: tokensOf(MTOK[row]!) }));
}

function near(value: number) {
  return expect.closeTo(value, 7) as unknown;
}

function fitOf(rows: readonly TokenRow[]) {
  const fit = fitTokensToPp(rows);
  if (!fit.ok) throw new Error(fit.problem.message);
  return fit.value;
}

function problemOf(rows: readonly TokenRow[]) {
  const fit = fitTokensToPp(rows);
  return fit.ok ? null : fit.problem;
}

// Against scipy.optimize.nnls and (XᵀX)⁻¹ in NumPy.
const FREE = rowsOf([6, 10, 5, 14, 6, 10, 6, 11, 8, 12]);
const HELD = rowsOf([3, 7, 1, 8, 0, 4, 0, 5, 1, 8]);

test('percentage points per million tokens, with their errors', () => {
  const fit = fitOf(FREE);
  expect(fit).toMatchObject({
    rows: 10,
    df: 7,
    coefficients: [
      { model: 'haiku', ppPerMtok: near(1.67019065), standardError: near(0.20464993) },
      { model: 'opus', ppPerMtok: near(3.93684994), standardError: near(0.07624822) },
      { model: 'sonnet', ppPerMtok: near(1.79966977), standardError: near(0.12439075) },
    ],
    residualSdPp: near(0.36991639916019453),
    condition: near(2.156149584216268),
  });
});

test('a model the data would have below 0 is held at 0 and has no error of its own', () => {
  expect(fitOf(HELD).coefficients).toEqual([
    { model: 'haiku', ppPerMtok: 0, standardError: null },
    { model: 'opus', ppPerMtok: near(2.49223822), standardError: near(0.18981108) },
    { model: 'sonnet', ppPerMtok: 0, standardError: null },
  ]);
});

const NEXT = tokensOf([2, 1, 0.5]);

test.each([
  { rows: FREE, fitted: 10.508464970032831, half: 0.9329257727735722 },
  { rows: HELD, fitted: 4.9844764324019195, half: 2.818364065983736 },
])('what is left over, with the spread and a step of the meter on either side', ({ rows, fitted, half }) => {
  const left = unexplained(fitOf(rows), { pp: 12, tokens: NEXT });
  expect(left).toEqual({
    ok: true,
    value: {
      observedPp: 12,
      fittedPp: near(fitted),
      unexplainedPp: near(12 - fitted),
      loPp: near(12 - fitted - half - 1),
      hiPp: near(12 - fitted + half + 1),
      level: 0.95,
      isBeyondChance: 12 - fitted > half + 1,
    },
  });
  const exact = unexplained(fitOf(rows), { pp: 12, tokens: NEXT }, { meterStepPp: 0 });
  expect(exact).toMatchObject({ value: { loPp: near(12 - fitted - half), hiPp: near(12 - fitted + half) } });
});

test('a perfect fit still cannot see less than a step of the meter', () => {
  const exact = rowsOf(MTOK.map(([opus, sonnet, haiku]) => 4 * opus + 2 * sonnet + haiku));
  const fit = fitOf(exact);
  expect(fit.coefficients.map(({ ppPerMtok }) => ppPerMtok)).toEqual([near(1), near(4), near(2)]);
  const ofOne = (pp: number) => unexplained(fit, { pp, tokens: { opus: 1e6 } });
  expect(ofOne(4.9)).toMatchObject({ value: { unexplainedPp: near(0.9), isBeyondChance: false } });
  expect(ofOne(5.1)).toMatchObject({ value: { unexplainedPp: near(1.1), isBeyondChance: true } });
  expect(ofOne(2.9)).toMatchObject({ value: { unexplainedPp: near(-1.1), isBeyondChance: true } });
});

test('a window without a token is wholly unexplained', () => {
  expect(unexplained(fitOf(FREE), { pp: 7, tokens: {} })).toMatchObject({
    value: { fittedPp: 0, unexplainedPp: 7, isBeyondChance: true },
  });
});

test('says nothing of a window that used a model the fit never saw', () => {
  const left = unexplained(fitOf(FREE), { pp: 7, tokens: { opus: 1e6, 'new\u001b[2J': 5, unused: 0 } });
  expect(left).toEqual({
    ok: false,
    problem: { code: 'cannot-estimate', message: 'no percentage points per token are known for new?[2J' },
  });
});

test.each([
  { name: 'too few windows', rows: FREE.slice(0, 7), why: '7 windows for 3 models; it needs 9' },
  { name: 'fewer than three per model', rows: FREE.slice(0, 8), why: '8 windows for 3 models; it needs 9' },
  {
    name: 'one model and too few windows',
    rows: FREE.slice(0, 7).map(({ pp }) => ({ pp, tokens: { opus: pp } })),
    why: '7 windows for 1 model; it needs 8',
  },
  { name: 'no tokens', rows: FREE.map(({ pp }) => ({ pp, tokens: { opus: 0 } })), why: 'no tokens were counted' },
  { name: 'too little taken', rows: rowsOf([1, 1, 0, 2, 1, 1, 0, 1, 1, 1]), why: 'took 9 pp in all; it needs 10 pp' },
  {
    name: 'models in one proportion',
    rows: FREE.map(({ pp, tokens }) => ({ pp, tokens: { a: tokens['opus']!, b: tokens['opus']! * 3 } })),
    why: 'a, b were used in nearly the same proportion in every window',
  },
  {
    name: 'models in nearly one proportion',
    rows: FREE.map(({ pp, tokens }, at) => ({ pp, tokens: { a: tokens['opus']!, b: tokens['opus']! + at * 1e4 } })),
    why: 'in nearly the same proportion',
  },
])('refuses: $name', ({ rows, why }) => {
  const problem = problemOf(rows);
  expect(problem?.code).toBe('cannot-estimate');
  expect(problem?.message).toContain(why);
});

test('a model that used nothing in any window is no column', () => {
  const withUnused = FREE.map(({ pp, tokens }) => ({ pp, tokens: { ...tokens, unused: 0 } }));
  expect(fitOf(withUnused)).toEqual(fitOf(FREE));
});

test('refuses amounts that are none', () => {
  expect(() => fitTokensToPp([{ pp: -1, tokens: {} }])).toThrow(RangeError);
  expect(() => fitTokensToPp([{ pp: 1, tokens: { opus: Number.NaN } }])).toThrow(RangeError);
  expect(() => unexplained(fitOf(FREE), { pp: 1, tokens: { opus: -1 } })).toThrow(RangeError);
});
