import fc from 'fast-check';
import { expect, test } from 'vitest';
import { baselineOf, CLS_WEIGHTS, complexityOf } from './complexity.ts';
import type { ClsPart, ClsParts } from './complexity.ts';

const NAMES = Object.keys(CLS_WEIGHTS) as ClsPart[];

function parts(value: (part: ClsPart, at: number) => number | null): ClsParts {
  return Object.fromEntries(NAMES.map((part, at) => [part, value(part, at)])) as Record<ClsPart, number | null>;
}

/** 1 to 10 in every part: mean 5.5, sample deviation √(82.5 / 9). */
const usual = Array.from({ length: 10 }, (_, at) => parts(() => at + 1));
const DEVIATION = Math.sqrt(82.5 / 9);

test('the weights are those of CLS v1 and add up to 1', () => {
  expect(Object.values(CLS_WEIGHTS)).toEqual([0.25, 0.2, 0.15, 0.15, 0.1, 0.1, 0.05]);
  expect(Object.values(CLS_WEIGHTS).reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 12);
});

test('is the weighted sum of standard scores', () => {
  const baseline = baselineOf(usual);
  const found = complexityOf(
    parts((_, at) => 5.5 + at * DEVIATION),
    baseline,
  );
  // Scores 0 to 6: 0.20·1 + 0.15·2 + 0.15·3 + 0.10·4 + 0.10·5 + 0.05·6
  expect(found.cls).toBeCloseTo(2.15, 12);
  expect(found).toMatchObject({ known_weight: expect.closeTo(1, 12) as number, baseline_features: 10 });
});

test('with fewer than ten features there are raw parts only; the eleventh moves nothing', () => {
  const own = parts(() => 8);
  expect(baselineOf(usual.slice(1))).toBeNull();
  expect(complexityOf(own, null)).toMatchObject({ cls: null, known_weight: 0, baseline_features: 0, parts: own });
  expect(baselineOf([...usual, parts(() => 1e6)])).toEqual(baselineOf(usual));
});

test('a part that is not measured, or is the same everywhere, leaves with its weight; below half there is no score', () => {
  const rest = usual.map((one, at) => ({ ...one, dep_depth: at === 3 ? null : 1, cross_refs: 0 }));
  const found = complexityOf({ ...parts(() => 5.5 + DEVIATION), cross_refs: 4 }, baselineOf(rest));
  expect(found.cls).toBeCloseTo(1, 12);
  expect(found).toMatchObject({
    known_weight: expect.closeTo(0.8, 12) as number,
    z: { dep_depth: null, cross_refs: null },
  });
  const little = parts((part) => (part === 'files_touched' || part === 'module_spread' ? 8 : null));
  expect(complexityOf(little, baselineOf(usual))).toMatchObject({
    cls: null,
    known_weight: expect.closeTo(0.45, 12) as number,
  });
});

test('the baseline scores 0 on average, in whatever units', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 99 }), { minLength: 10, maxLength: 10 }),
      fc.integer({ min: 1, max: 50 }),
      (values, unit) => {
        const population = values.map((value) => parts(() => value * unit));
        const scores = population.map((one) => complexityOf(one, baselineOf(population)).cls);
        if (new Set(values).size === 1) expect(new Set(scores)).toEqual(new Set([null]));
        else expect(scores.reduce<number>((sum, score) => sum + (score ?? Number.NaN), 0)).toBeCloseTo(0, 6);
      },
    ),
  );
});
