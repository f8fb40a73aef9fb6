import * as fc from 'fast-check';
import type { CccSnapshot, LaneState, ModelUsage, Speeds, Usage } from '@ccp/contracts';

const NAMES = fc.oneof(
  fc.constantFrom(
    'claude-sonnet-4-5-20250929',
    'glm-4.6',
    'モデル漢字の名前がとても長いもの',
    'evil\u001B[2J\r\nname',
    '🚀🚀🚀',
    '',
  ),
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.string({ unit: 'grapheme', maxLength: 40 }),
);
const count = fc.oneof(fc.nat(2000), fc.nat(2 ** 48));
const amount = fc.oneof(
  fc.constant(0),
  fc.double({ min: 0, max: 1e4, noNaN: true }),
  fc.double({ min: 0, max: 1e30, noNaN: true }),
);
const pct = fc.oneof(
  fc.constantFrom(0, 0.004, 0.5, 0.899, 0.999, 1, 1.02),
  fc.double({ min: 0, max: 1e6, noNaN: true }),
);
const ts = fc.oneof(fc.double({ min: 1.7e9, max: 2e9, noNaN: true }), fc.double({ min: 0, max: 1e300, noNaN: true }));
const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(value, { nil: null });
const share = fc.double({ min: 0, max: 1, noNaN: true });

const rates = fc.record({
  out_elr_tps: amount,
  out_dirty_tps: amount,
  in_elr_tps: amount,
  in_dirty_tps: amount,
  total_elr_tps: amount,
  total_dirty_tps: amount,
});
const bins = fc.array(maybe(amount), { minLength: 24, maxLength: 24 });

const speeds: fc.Arbitrary<Speeds> = fc.record(
  {
    rolling: rates,
    ttft_ms: fc.record({ p50: maybe(amount), p90: maybe(amount), p99: maybe(amount) }, { requiredKeys: [] }),
    hod_elr_out_tps: bins,
    rolling_samples: count,
    tz: fc.constantFrom('UTC', 'Europe/Berlin', 'a zone\u0007'),
  },
  { requiredKeys: ['rolling'] },
);

const tokenCounts = fc.record({ input: count, output: count, cache_write: count, cache_read: count });

const model: fc.Arbitrary<ModelUsage> = fc.record(
  {
    provider: NAMES,
    rolling_in: count,
    rolling_out: count,
    rolling_pct: pct,
    weekly_pct: pct,
    reqs: count,
    warn: fc.boolean(),
    block: fc.boolean(),
    speeds,
    eta_rolling_sec: count,
    eta_clear_sec: maybe(count),
    rolling_tokens: count,
    weekly_tokens: count,
    rolling_capacity_tokens: maybe(count),
    weekly_capacity_tokens: maybe(count),
    warn_pct_auto: maybe(share),
    tokens: fc.record({ rolling: tokenCounts }, { requiredKeys: [] }),
    flags: fc.record({ warn: fc.boolean(), block: fc.boolean(), reason: NAMES }, { requiredKeys: [] }),
    cooldown_active: fc.boolean(),
    cooldown_next_ts: maybe(ts),
    events: fc.record(
      { fallbacks: count, truncated: count, timeouts: count, wasted_retry_ms: amount },
      { requiredKeys: [] },
    ),
  },
  {
    requiredKeys: [
      'provider',
      'rolling_in',
      'rolling_out',
      'rolling_pct',
      'weekly_pct',
      'reqs',
      'warn',
      'block',
      'speeds',
    ],
  },
);

const lane: fc.Arbitrary<LaneState> = fc.record(
  {
    provider: NAMES,
    usable: fc.boolean(),
    reason: NAMES,
    active: count,
    requests: count,
    errors: count,
    rate_limited: count,
    last_status: maybe(fc.constantFrom(200, 429, 529)),
    last_error: maybe(NAMES),
    cooldown_active: fc.boolean(),
    cooldown_next_ts: maybe(ts),
  },
  { requiredKeys: ['provider', 'usable', 'reason'] },
);

/** Answers of the shim: complete and sparse ones, with hostile names and absurd amounts. */
export const arbitraryUsage: fc.Arbitrary<Usage> = fc.record(
  {
    usage_schema: fc.constant('v1' as const),
    ts,
    epoch: NAMES,
    lanes: fc.dictionary(NAMES, lane, { maxKeys: 3 }),
    models: fc.dictionary(NAMES, model, { maxKeys: 4 }),
  },
  { requiredKeys: ['ts', 'models'] },
);

/** Such an answer as it is kept. */
export const arbitrarySnapshot: fc.Arbitrary<CccSnapshot> = arbitraryUsage.map((usage) => ({
  kind: 'ccc_snapshot',
  captured_at: '2030-01-01T00:00:00.250Z',
  source_url: 'http://127.0.0.1:8082/v1/usage',
  epoch: usage.epoch ?? null,
  usage,
}));
