import type { MeterReading, Usage } from '@ccp/contracts';
import { expect, test } from 'vitest';
import { usageFixture } from '../../testing/fixtures.ts';
import { readingsOfUsage } from './from-usage.ts';

const AT = '2030-01-01T00:00:00.000Z';

function usageOf(...meters: Partial<MeterReading>[]): Usage {
  return {
    ts: 1,
    models: {},
    meters: meters.map((meter) => ({
      lane: 'anthropic',
      meter: 'unified-5h',
      value: null,
      unit: 'fraction',
      observed_at: AT,
      ...meter,
    })),
  };
}

function only(meter: Partial<MeterReading>): ReturnType<typeof readingsOfUsage>['readings'][number] {
  const [reading] = readingsOfUsage(usageOf(meter)).readings;
  if (reading === undefined) throw new Error('no reading');
  return reading;
}

test.each([
  ['unified-5h', null, { provider: 'claude', scope: 'all', window_min: 300 }],
  ['unified-7d', null, { provider: 'claude', scope: 'all', window_min: 10_080 }],
  ['unified-7d_oi', 'claude-opus-4-5', { provider: 'claude', scope: 'model:opus', window_min: 10_080 }],
  ['unified-7d_opus', null, { provider: 'claude', scope: 'model:opus', window_min: 10_080 }],
  ['unified-7d_oi', null, { provider: 'claude', scope: 'model:oi', window_min: 10_080 }],
  ['unified-7d_oi', 'brandnew-1', { provider: 'claude', scope: 'model:brandnew-1', window_min: 10_080 }],
  ['codex-5h', null, { provider: 'codex', scope: 'all', window_min: 300 }],
  ['codex-7d', null, { provider: 'codex', scope: 'all', window_min: 10_080 }],
  ['codex-1440m', null, { provider: 'codex', scope: 'all', window_min: 1440 }],
  ['unified', null, { provider: 'claude', scope: 'all', window_min: null }],
  ['unified-overage', null, { provider: 'claude', scope: 'overage', window_min: null }],
  ['input-tokens', null, { provider: 'claude', scope: 'input-tokens', window_min: null }],
] as const)('the meter %s of model %s is read by its name', (meter, model, expected) => {
  expect(only({ meter, model })).toMatchObject(expected);
});

test.each([
  [{ value: 0.29, unit: 'fraction' }, 29],
  [{ value: 1.05, unit: 'fraction' }, 105],
  [{ value: 0, unit: 'fraction' }, 0],
  [{ value: 37, unit: 'percent' }, 37],
  [{ value: 30, unit: 'requests', limit: 120 }, 25],
  [{ value: null, unit: 'tokens', limit: 200, remaining: 150 }, 25],
] as const)('%o is %d pp', (meter, pp) => {
  expect(only(meter).used_pp).toBe(pp);
});

test.each([
  ['no value', { value: null, unit: 'fraction' }, null],
  ['no limit', { value: 30, unit: 'requests', limit: null }, null],
  ['a limit of 0', { value: 30, unit: 'requests', limit: 0 }, null],
  ['a percent called fraction', { value: 37, unit: 'fraction' }, 'percent-out-of-range'],
  ['a negative share', { value: -0.1, unit: 'fraction' }, 'percent-out-of-range'],
  ['an unknown unit', { value: 1, unit: 'bananas', limit: 1 }, 'meter-unknown'],
] as const)('%s has no share', (_, meter, code) => {
  const { readings, problems } = readingsOfUsage(usageOf(meter));
  expect(readings[0]?.used_pp).toBeNull();
  expect(problems.map((problem) => problem.code)).toEqual(code === null ? [] : [code]);
});

test('amounts keep their unit', () => {
  expect(only({ value: 30, unit: 'requests', limit: 120 })).toMatchObject({ used: 30, limit: 120, unit: 'requests' });
  expect(only({ value: 1, unit: 'bananas', limit: 1 })).toMatchObject({ used: 1, unit: 'bananas' });
});

test('the full fixture: a share of the header, and a limit without a value of another vendor', () => {
  const { readings, problems } = readingsOfUsage(usageFixture('full'));
  expect(problems).toEqual([]);
  expect(readings).toMatchObject([
    { provider: 'claude', lane: 'anthropic', used_pp: 37, resets_at: '2030-01-01T03:00:00Z', confidence: 'official' },
    { provider: 'glm', lane: 'zai', used_pp: null, used: null, limit: 120, unit: 'requests' },
  ]);
});

test('a shim without meters has no readings', () => {
  expect(readingsOfUsage({ ts: 1, models: {} })).toEqual({ readings: [], problems: [] });
});
