import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { arbitrarySnapshot } from '../testing/arbitrary-usage.ts';
import { snapshotOf, usageFixture, usageWith } from '../testing/fixtures.ts';
import { toOverview } from './overview.ts';

const live = { state: 'live', nowTs: 1_893_456_060.25 } as const;

test('counts what it was given: every model once, and totals that add up', () => {
  fc.assert(
    fc.property(arbitrarySnapshot, (snapshot) => {
      const { models, totals, quotas, uncapped_models: uncapped, speeds, events } = toOverview(snapshot, live);
      const names = Object.keys(snapshot.usage.models).toSorted();
      for (const rows of [models, speeds, events]) expect(rows.map(({ model }) => model).toSorted()).toEqual(names);
      expect(quotas.length + uncapped).toBe(names.length);
      expect(totals.requests).toBe(Object.values(snapshot.usage.models).reduce((sum, { reqs }) => sum + reqs, 0));
      const isKnown = models.every((row) => row.cache_read_tokens !== null);
      expect(totals.cache_read_tokens !== null).toBe(isKnown);
    }),
  );
});

test('a block is shown as one, whichever of the two flags says so', () => {
  fc.assert(
    fc.property(arbitrarySnapshot, (snapshot) => {
      for (const { model, verdict } of toOverview(snapshot, live).quotas) {
        const { block, flags } = snapshot.usage.models[model]!;
        expect(verdict === 'block').toBe(block || flags?.block === true);
      }
    }),
  );
});

test('verdicts come worst first, with the time the block clears', () => {
  const { quotas, age_s } = toOverview(snapshotOf(usageFixture('full')), live);
  expect(age_s).toBe(60);
  expect(quotas.map(({ model, verdict, reason }) => [model, verdict, reason])).toEqual([
    ['claude-haiku-4-5', 'block', 'rolling'],
    ['claude-sonnet-4-5', 'ok', null],
  ]);
  expect(quotas[0]?.next).toEqual({
    change: 'clears',
    at_ts: 1_893_456_000.25 + usageFixture('full').models['claude-haiku-4-5']!.eta_clear_sec!,
  });
  expect(quotas[1]?.next?.change).toBe('eases');
});

test('an older shim: its cap is not known, its fraction is', () => {
  const { quotas, models, totals, lanes } = toOverview(snapshotOf(usageFixture('r35-two-models')), live);
  expect(quotas[0]).toMatchObject({ model: 'claude-3.5-sonnet', verdict: 'warn', warn_at_pct: 0.78 });
  expect(quotas[0]?.rolling).toEqual({ pct: 0.65, used_tokens: 14_300, cap_tokens: null });
  expect(models[0]).toMatchObject({ input_tokens: 7800, output_tokens: 6500, cache_write_tokens: null });
  expect(totals).toEqual({
    requests: 200,
    input_tokens: 12_000,
    output_tokens: 10_400,
    cache_write_tokens: null,
    cache_read_tokens: null,
  });
  expect(lanes).toEqual([]);
});

test('a model without a cap has no standing, and what was not measured is not claimed', () => {
  const usage = usageWith(0);
  const [[name, model] = []] = Object.entries(usage.models);
  const idle = { ...usage, models: { [name!]: { ...model!, rolling_pct: 0, rolling_capacity_tokens: null } } };
  const { quotas, uncapped_models: uncapped, speeds } = toOverview(snapshotOf(idle), live);
  expect({ quotas, uncapped }).toEqual({ quotas: [], uncapped: 1 });
  expect(speeds).toEqual([
    {
      model: name,
      samples: 0,
      elr_out_tps: null,
      dirty_out_tps: null,
      ttft_p50_ms: null,
      ttft_p90_ms: null,
      ttft_p99_ms: null,
      hourly_elr_out_tps: Array.from({ length: 24 }, () => null),
      best_hours: [],
      tz: null,
    },
  ]);
});

test('the best hours are the fastest of those that were measured', () => {
  const { speeds } = toOverview(snapshotOf(usageFixture('full')), live);
  const bins = usageFixture('full').models['claude-sonnet-4-5']!.speeds.hod_elr_out_tps!;
  const { best_hours: hours, hourly_elr_out_tps: all } = speeds.find(({ model }) => model === 'claude-sonnet-4-5')!;
  expect(all).toEqual(bins);
  const measured = bins.filter((tps) => tps !== null).toSorted((a, b) => b - a);
  expect(hours.map(({ elr_out_tps: tps }) => tps)).toEqual(measured.slice(0, 3));
  for (const { hour, elr_out_tps: tps } of hours) expect(bins[hour]).toBe(tps);
});
