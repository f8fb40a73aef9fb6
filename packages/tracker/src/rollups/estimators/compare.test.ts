import { expect, test } from 'vitest';
import { compareEfficiency } from './compare.ts';
import { seededDraw } from './seeded-random.ts';
import type { WindowPoint } from './window-point.ts';

function groupOf(prefix: string, rows: readonly (readonly [number, number | null])[]): readonly WindowPoint[] {
  return rows.map(([features, capacity], index) => ({ window: `${prefix}-${index}`, features, capacity }));
}

const HIGH = groupOf('A', [[9, 10], [8, 9], [7, 8], [10, 11], [6, 7], [8, 10], [9, 9]]); // prettier-ignore
const LOW = groupOf('B', [[2, 10], [4, 9], [1, 8], [3, 11], [2, 7], [3, 10], [1, 9]]); // prettier-ignore

test('groups far apart differ, and the order of the groups changes signs only', () => {
  const one = compareEfficiency(HIGH, LOW);
  const other = compareEfficiency(LOW, HIGH);
  if (one.kind === 'none' || other.kind === 'none') throw new Error('not compared');
  expect(one).toMatchObject({ n: { a: 7, b: 7 } });
  expect(one.difference).toBeCloseTo((57 - 16) / 64, 14);
  expect(one.logRatio).toBeCloseTo(Math.log(57 / 16), 14);
  // All but the two arrangements seen of 3432 give less.
  expect(one.pValue).toBeLessThan(0.005);
  expect(other).toMatchObject({ difference: -one.difference, pValue: one.pValue });
  expect(one.caveat).toContain('not for looking every day');
});

test('a rerun gives the same bytes', () => {
  expect(JSON.stringify(compareEfficiency(HIGH, LOW))).toBe(JSON.stringify(compareEfficiency(HIGH, LOW)));
});

test('three against three can never be rarer than 2 arrangements of 20', () => {
  const result = compareEfficiency(HIGH.slice(0, 3), LOW.slice(0, 3));
  if (result.kind === 'none') throw new Error('not compared');
  expect(Math.abs(result.pValue - 0.1)).toBeLessThan(0.03);
});

test('where nothing differs, p is below 0.2 in about a fifth of the cases', () => {
  const draw = seededDraw(['null']);
  const trials = 120;
  let small = 0;
  for (let trial = 0; trial < trials; trial += 1) {
    const group = (name: string) =>
      groupOf(`${trial}${name}`, Array.from({ length: 5 }, () => [draw(6), 4 + draw(8)] as const)); // prettier-ignore
    const result = compareEfficiency(group('A'), group('B'));
    if (result.kind === 'compared' && result.pValue <= 0.2) small += 1;
  }
  // Four standard deviations.
  expect(Math.abs(small / trials - 0.2)).toBeLessThan(4 * Math.sqrt((0.2 * 0.8) / trials));
});

test('within blocks, a difference between weeks is not one between groups', () => {
  // A good week and a bad one; group A saw more of the good one. Within a week the groups are alike.
  const a = groupOf('A', [[9, 10], [8, 10], [9, 10], [8, 10], [1, 10], [2, 10]]); // prettier-ignore
  const b = groupOf('B', [[9, 10], [8, 10], [1, 10], [2, 10], [1, 10], [2, 10]]); // prettier-ignore
  const isGood = ({ features }: WindowPoint) => (features > 5 ? 'good' : 'bad');
  const blocked = compareEfficiency(a, b, { blockOf: isGood });
  expect(blocked).toMatchObject({ kind: 'compared' });
  if (blocked.kind === 'compared') expect(blocked.pValue).toBeGreaterThan(0.3);
  expect(compareEfficiency(HIGH, LOW, { blockOf: ({ window }) => window.slice(0, 1) })).toEqual({
    kind: 'none',
    n: { a: 7, b: 7 },
    reason: 'no block has windows of both sides',
  });
});

test('needs three windows with capacity on each side, and a ratio above 0 for its logarithm', () => {
  const short = groupOf('B', [[1, 4], [2, 5], [3, null]]); // prettier-ignore
  expect(compareEfficiency(HIGH, short)).toEqual({
    kind: 'none',
    n: { a: 7, b: 2 },
    reason: '7 windows against 2; a comparison needs 3 on each side',
  });
  const nothing = groupOf('B', [[0, 4], [0, 5], [0, 6]]); // prettier-ignore
  expect(compareEfficiency(HIGH, nothing)).toMatchObject({ kind: 'compared', logRatio: null });
  expect(
    compareEfficiency(
      nothing,
      nothing.map((point) => ({ ...point, window: `${point.window}'` })),
    ),
  ).toMatchObject({
    difference: 0,
    pValue: 1,
  });
});
