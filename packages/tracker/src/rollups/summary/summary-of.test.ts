import { parseMetricsSummary } from '@ccp/contracts';
import type { TrackerEvent } from '@ccp/contracts';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { snapshotOf, usageFixture } from '../../testing/fixtures.ts';
import { PRICES } from '../cost/price-map.ts';
import { summaryOf, summaryText } from './summary-of.ts';

let nth = 0;
const turn = (
  over: Partial<NonNullable<TrackerEvent['turn']>> = {},
  measurement?: TrackerEvent['measurement'],
): TrackerEvent => ({
  kind: 'turn',
  dedupe_key: `k-${(nth += 1)}`,
  captured_at: '2030-01-01T00:00:00.000Z',
  source: 'api',
  turn: {
    turn_id: 't',
    session_id: 's-1',
    model: 'claude-haiku-4-5',
    subagent: '',
    tokens_in: 10,
    tokens_out: 1,
    input_kind: 'text',
    latency_ms: 1,
    capacity_used: null,
    ...over,
  },
  ...(measurement !== undefined && { measurement }),
});

test.each([
  [0.5, 1, 2],
  [0.25, 0.5, 2],
  [0.75, 1, 1.3333],
  [0.25, 1, 4],
])('capacity %d and %d features give %d', (capacity, features, ratio) => {
  const summary = summaryOf([turn({ capacity_used: capacity }, { feature_delta: features })], PRICES);
  expect(summary.features_per_capacity).toBeCloseTo(ratio, 4);
});

test('what was not measured is in no mean, and without capacity there is no ratio', () => {
  const summary = summaryOf([turn({}, { cls: 2 }), turn(), turn({}, { cls: null, impf: 3 })], PRICES);
  expect(summary).toMatchObject({
    avg_cls: 2,
    avg_impf: 3,
    avg_churn_score: null,
    features_per_capacity: null,
    turns: 3,
  });
});

test('the newest answer of the shim gives health, reroutes, closed lanes and the license without the pack', () => {
  const usage = usageFixture('full');
  const newest = { ...snapshotOf(usage), captured_at: '2030-01-02T00:00:00.000Z' };
  const older = { ...snapshotOf({ ...usage, models: {} }), captured_at: '2030-01-01T12:00:00.000Z' };
  const summary = summaryOf([newest, older, turn()], PRICES);
  expect(Object.keys(summary.model_health ?? {})).toEqual(Object.keys(usage.models));
  const [[name, model] = ['', undefined]] = Object.entries(usage.models);
  expect(summary.model_health?.[name]).toMatchObject({
    reqs: model?.reqs,
    speeds: model?.speeds,
    gap_samples: model?.gap_samples,
  });
  expect(Object.keys(summary.gated_lanes ?? {})).toEqual(
    Object.entries(usage.lanes ?? {}).flatMap(([id, lane]) => (lane.usable ? [] : [id])),
  );
  expect(summary.generated_at).toBe('2030-01-02T00:00:00.000Z');
});

test('the same rows in any order, told twice or once, give the same bytes, and they follow the contract', () => {
  const rows = [
    turn(),
    turn({ model: 'made-up', session_id: 's-2' }),
    turn({ session_id: '' }, { feature_delta: 1 }),
    snapshotOf(usageFixture('full')),
  ];
  const text = summaryText(summaryOf(rows, PRICES));
  expect(parseMetricsSummary(JSON.parse(text))).toMatchObject({ ok: true });
  expect(text.endsWith('}\n')).toBe(true);
  fc.assert(
    fc.property(fc.shuffledSubarray([...rows, ...rows], { minLength: rows.length * 2 }), (shuffled) => {
      expect(summaryText(summaryOf(shuffled, PRICES))).toBe(text);
    }),
    { numRuns: 20 },
  );
});
