import type { Usage } from '@ccp/contracts';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { arbitraryUsage } from '../testing/arbitrary-usage.ts';
import { usageFixture } from '../testing/fixtures.ts';
import { isSameState, toCccSnapshot, cccSnapshots } from './ccc-snapshot.ts';

const later = (usage: Usage, seconds: number): Usage => ({
  ...usage,
  ts: usage.ts + seconds,
  ...(usage.meters && { meters: usage.meters.map((meter) => ({ ...meter, age_s: (meter.age_s ?? 0) + seconds })) }),
  models: Object.fromEntries(
    Object.entries(usage.models)
      .toReversed()
      .map(([name, model]) => [name, { ...model, eta_rolling_sec: 7, eta_clear_sec: seconds }]),
  ),
});

test('the clock alone changes nothing', () => {
  fc.assert(fc.property(arbitraryUsage, fc.nat(10_000), (usage, seconds) => isSameState(usage, later(usage, seconds))));
  expect(isSameState(usageFixture('full'), later(usageFixture('full'), 60))).toBe(true);
});

test.each([
  ['a request', (usage: Usage) => (usage.models['claude-sonnet-4-5']!.reqs += 1)],
  ['a verdict', (usage: Usage) => (usage.models['claude-sonnet-4-5']!.warn = true)],
  ['a lane', (usage: Usage) => (usage.lanes!['zai']!.usable = true)],
  ['a meter', (usage: Usage) => (usage.meters![0]!.value = 0.38)],
  ['a restart', (usage: Usage) => (usage.epoch = 'c0ffee02')],
  ['a reload', (usage: Usage) => (usage.last_reload_ts = 1_893_450_001)],
  ['a model', (usage: Usage) => delete usage.models['claude-haiku-4-5']],
])('%s is a change', (_what, change) => {
  const usage = structuredClone(usageFixture('full'));
  change(usage);
  expect(isSameState(usageFixture('full'), usage)).toBe(false);
});

test('every reading becomes a row that follows its contract and keeps the answer whole', () => {
  fc.assert(
    fc.property(arbitraryUsage, (usage) => {
      const row = toCccSnapshot({
        sourceUrl: 'http://127.0.0.1:8082/v1/usage',
        receivedTs: 1_893_456_000.25,
        usage,
        notes: [],
      });
      expect(cccSnapshots.parse(row)).toEqual({ ok: true, value: row });
      expect(row.captured_at).toBe('2030-01-01T00:00:00.250Z');
      expect(row.usage).toBe(usage);
    }),
  );
});
