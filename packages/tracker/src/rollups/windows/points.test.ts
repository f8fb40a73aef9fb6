import type { WindowProvider, WindowRecord } from '@ccp/contracts';
import { expect, test } from 'vitest';
import { newestRecords, windowPoints } from './points.ts';

function record(
  window: string,
  features: number | undefined,
  entry: WindowProvider,
  more: Partial<WindowRecord> = {},
): WindowRecord {
  return {
    window,
    finalized_at: `2025-10-14T1${window.at(-1)}:00:00Z`,
    features: features === undefined ? {} : { codex: features },
    providers: { codex: entry },
    ...more,
  };
}

function used(capacity: number | null, field = 'weekly_pct'): WindowProvider {
  return { capacity, capacity_unit: 'pp', capacity_field: field };
}

test('the features of a window without capacity are in neither sum', () => {
  // The original keeps the 3 in the numerator: 10/19 = 0.526.
  const rows = [
    record('W0-01', 3, used(0)),
    record('W0-02', 4, used(8)),
    record('W0-03', 1, used(6)),
    record('W0-04', 2, used(5)),
  ];
  const [set] = windowPoints(rows);
  const points = set?.points ?? [];
  const sum = (of: 'features' | 'capacity'): number => points.reduce((total, point) => total + point[of], 0);
  expect([sum('features'), sum('capacity')]).toEqual([7, 19]);
  expect(set).toMatchObject({ features: 10, capacity: 19, left_out: [{ window: 'W0-01', why: 'no-capacity' }] });
});

test('of a window finalized again the newest row counts, of the same time the later one', () => {
  const rows = [
    record('W0-01', 1, used(10), { finalized_at: '2025-10-14T12:00:00Z' }),
    record('W0-02', 5, used(5)),
    record('W0-01', 3, used(18), { finalized_at: '2025-10-14T14:30:00+02:00' }),
    record('W0-01', 2, used(10), { finalized_at: '2025-10-14T11:00:00Z' }),
  ];
  expect(newestRecords(rows).map(({ window, features }) => [window, features?.['codex']])).toEqual([
    ['W0-01', 3],
    ['W0-02', 5],
  ]);
  const twice = [record('W0-01', 1, used(10)), record('W0-01', 2, used(10))];
  expect(windowPoints(twice)[0]?.points).toMatchObject([{ features: 2 }]);
});

test('a window measured by another meter is left out, whichever is first', () => {
  const rows = [record('W0-01', 1, used(40, 'fiveh_pct')), record('W0-02', 2, used(8))];
  expect(windowPoints(rows)[0]).toMatchObject({
    field: 'weekly_pct',
    points: [{ window: 'W0-02', capacity: 8 }],
    left_out: [{ window: 'W0-01', why: 'other-meter' }],
    capacity: 8,
  });
  // If the week never moved, the 5 hours are the meter.
  const still = [record('W0-01', 1, used(40, 'fiveh_pct')), record('W0-02', 2, used(0))];
  expect(windowPoints(still)[0]).toMatchObject({ field: 'fiveh_pct', points: [{ capacity: 40 }] });
});

test('unknown is left out, not 0', () => {
  const rows = [record('W0-01', 1, used(null)), record('W0-02', undefined, used(5)), record('W0-03', 0, used(5))];
  expect(windowPoints(rows)[0]).toMatchObject({
    points: [{ window: 'W0-03', features: 0 }],
    left_out: [
      { window: 'W0-01', why: 'capacity-unknown' },
      { window: 'W0-02', why: 'features-unknown' },
    ],
  });
});

test('rows of an older writer: the wrapped delta is not believed, the readings are', () => {
  const older = (before: number, after: number, delta: number): WindowProvider => ({
    before: { weekly_pct: before, fiveh_pct: null },
    after: { weekly_pct: after, fiveh_pct: null },
    delta: { weekly_pct: delta, fiveh_pct: null },
    captured_at: { before: '2025-10-14T09:00:00+00:00', after: '2025-10-14T12:00:00+00:00' },
  });
  const rows = [record('W0-01', 1, older(19, 10, 91)), record('W0-02', 2, older(10, 18, 8))];
  expect(windowPoints(rows)[0]).toMatchObject({
    points: [{ window: 'W0-02', capacity: 8 }],
    left_out: [{ window: 'W0-01', why: 'capacity-unknown' }],
  });
  const bare = [record('W0-01', 1, { delta: { weekly_pct: 20 } })];
  expect(windowPoints(bare)[0]?.left_out).toEqual([{ window: 'W0-01', why: 'capacity-unknown' }]);
});

test('prompts of GLM count once: from the row if it has them, else from the counts', () => {
  const count = { window: 'W0-01', captured_at: '2025-10-14T12:00:00Z', prompts_used: 118 };
  const base = { window: 'W0-01', finalized_at: '2025-10-14T12:30:00Z', features: { glm: 3 } };
  const older = windowPoints([base], [count]);
  expect(older).toMatchObject([
    { provider: 'glm', unit: 'prompts', capacity: 118, points: [{ features: 3, capacity: 118 }] },
  ]);
  const entry = { capacity: 118, capacity_unit: 'prompts', capacity_field: 'prompts_used' };
  const ours = windowPoints([{ ...base, providers: { glm: entry } }], [count]);
  expect(ours).toEqual(older);
});

test('a unit of a newer writer stays what it is', () => {
  const other = { capacity: 4, capacity_unit: 'requests' };
  const rows = [
    { window: 'W0-01', finalized_at: '2025-10-14T12:30:00Z', features: { gemini: 2 }, providers: { gemini: other } },
  ];
  expect(windowPoints(rows)).toMatchObject([{ provider: 'gemini', unit: 'requests', field: null, capacity: 4 }]);
});

test('points of one way of working', () => {
  const rows = [record('W0-01', 1, used(10), { methodology: 'tdd', quality_score: 0.8 }), record('W0-02', 2, used(1))];
  const [set] = windowPoints(rows);
  if (set === undefined) throw new Error('no set');
  expect(set.points).toMatchObject([
    { window: 'W0-01', methodology: 'tdd', quality: 0.8, below_resolution: false },
    { window: 'W0-02', methodology: null, quality: null, below_resolution: true },
  ]);
});
