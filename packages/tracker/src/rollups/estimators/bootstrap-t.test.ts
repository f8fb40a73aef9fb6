import { expect, test } from 'vitest';
import { bootstrapT } from './bootstrap-t.ts';
import { efficiency } from './efficiency.ts';
import { deltaT } from './delta-t.ts';
import { fitRatio } from './ratio.ts';
import { next, seededDraw } from './seeded-random.ts';

function pointsOf(prefix: string, rows: readonly (readonly [number, number])[]) {
  return rows.map(([features, capacity], index) => ({ window: `${prefix}-${index}`, features, capacity }));
}

const SIX = [[2, 10], [4, 8], [1, 6], [3, 7], [0, 5], [6, 20]] as const; // prettier-ignore

test('a rerun gives the same bytes, and other windows draw anew', () => {
  const first = efficiency(pointsOf('W0', SIX));
  expect(JSON.stringify(efficiency(pointsOf('W0', SIX)))).toBe(JSON.stringify(first));
  const other = efficiency(pointsOf('W1', SIX));
  expect(other.fieller).toEqual(first.fieller);
  expect(other.bootstrapT).not.toEqual(first.bootstrapT);
});

test('speaks from 5 windows on', () => {
  expect(efficiency(pointsOf('W0', SIX.slice(0, 4))).bootstrapT).toEqual({
    kind: 'none',
    reason: 'needs 5 windows, has 4',
  });
  expect(efficiency(pointsOf('W0', SIX.slice(0, 5))).bootstrapT.kind).toBe('bounded');
});

test('agrees with delta-t where there are many windows', () => {
  const draw = seededDraw(['many']);
  const capacities = Array.from({ length: 80 }, () => 4 + draw(9));
  const sample = { capacities, features: capacities.map((capacity) => Math.floor(capacity / 4) + draw(3)) };
  const fit = fitRatio(sample);
  const resampled = bootstrapT(sample, fit, 0.95, seededDraw(['resamples']));
  const direct = deltaT(fit, fit.standardError, 0.95);
  if (resampled.kind === 'none' || direct.kind === 'none') throw new Error('no interval');
  const width = direct.hi - direct.lo;
  expect(Math.abs(resampled.lo - direct.lo)).toBeLessThan(width * 0.06);
  expect(Math.abs(resampled.hi - direct.hi)).toBeLessThan(width * 0.06);
});

test('reaches further to the side on which windows stray further', () => {
  // Mostly nothing, seldom much: the next windows may well bring more than the mean says.
  const rows = [0, 0, 1, 0, 0, 9, 0, 1, 0, 8].map((features) => [features, 10] as const);
  const { estimate, bootstrapT: set } = efficiency(pointsOf('W0', rows));
  if (set.kind === 'none' || estimate === null) throw new Error('no interval');
  expect(set.hi - estimate).toBeGreaterThan(1.5 * (estimate - set.lo));
});

test('says when resamples without spread leave no end to the interval', () => {
  // 4 of 5 windows alike: a third of the resamples holds nothing else.
  const { bootstrapT: set } = efficiency(pointsOf('W0', [[1, 5], [1, 5], [1, 5], [1, 5], [3, 5]])); // prettier-ignore
  expect(set).toEqual({ kind: 'none', reason: 'too many resamples of 5 windows show no spread' });
});

test('draws by xoshiro128**', () => {
  // The first outputs from the state 1, 2, 3, 4, as in the vectors of the Rust crate rand_xoshiro.
  const state = Uint32Array.of(1, 2, 3, 4);
  expect([next(state), next(state), next(state), next(state)]).toEqual([11520, 0, 5927040, 70819200]);
});

test('draws evenly, and differently where texts are cut differently', () => {
  const draw = seededDraw(['W0-01']);
  const counts = [0, 0, 0, 0, 0];
  for (let at = 0; at < 50_000; at += 1) counts[draw(5)]! += 1;
  // Five standard deviations.
  for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(5 * Math.sqrt(50_000 * 0.2 * 0.8));
  const [one, two] = [seededDraw(['ab', 'c']), seededDraw(['a', 'bc'])];
  expect(Array.from({ length: 8 }, () => one(1000))).not.toEqual(Array.from({ length: 8 }, () => two(1000)));
});
