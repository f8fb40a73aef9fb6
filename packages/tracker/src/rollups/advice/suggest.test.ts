import type {
  CapacityFit,
  LaneState,
  ModelQuota,
  ModelUsage,
  ProvidersConfig,
  QuotasConfig,
  Usage,
} from '@ccp/contracts';
import { expect, test } from 'vitest';
import { usageWith } from '../../testing/fixtures.ts';
import { suggestQuotas } from './suggest-quotas.ts';
import { suggestRoutes } from './suggest-routes.ts';

const MODEL = 'claude-sonnet-4-5';
const FIT: CapacityFit = {
  lane: 'anthropic',
  meter: 'unified-5h',
  capacity_tokens: 1_000_000,
  low: 900_000.7,
  high: 1_120_000,
  rel_error: 0.05,
  pairs: 24,
};

function usage(more: Partial<ModelUsage>): Usage {
  const answer = usageWith(3);
  const model = answer.models[MODEL];
  if (model === undefined) throw new Error('no model');
  return { ...answer, models: { [MODEL]: { ...model, ...more } } };
}

function quotas(quota: ModelQuota): QuotasConfig {
  return { models: { [MODEL]: { provider: 'anthropic', ...quota } } };
}

test('a cap outside of the interval: its lower end, with the evidence', () => {
  for (const cap of [null, 0, 500_000, 2_000_000]) {
    const { suggestions, withheld } = suggestQuotas(usage({ fits: [FIT] }), quotas({ rolling_tokens: cap }));
    expect(withheld).toEqual([]);
    expect(suggestions).toEqual([
      {
        file: 'quotas.json',
        model: MODEL,
        key: 'rolling_tokens',
        value: 900_000,
        evidence:
          'a full unified-5h of lane anthropic holds 1000000 tokens (95 % interval 900001 to 1120000, 24 pairs)',
        confidence: 'estimate',
      },
    ]);
  }
});

test('a cap within the interval stays', () => {
  const found = suggestQuotas(usage({ fits: [FIT] }), quotas({ rolling_tokens: 1_000_000 }));
  expect(found).toEqual({ suggestions: [], withheld: [] });
});

test.each([
  ['few pairs', { ...FIT, pairs: 7 }, {}, '7 pairs and an error of 5 %; 8 pairs and 15 % are needed'],
  ['a wide error', { ...FIT, rel_error: 0.16 }, {}, '24 pairs and an error of 16 %; 8 pairs and 15 % are needed'],
  ['no upper end', { ...FIT, high: null }, {}, '24 pairs and an error of 5 %; 8 pairs and 15 % are needed'],
  ['no interval', { ...FIT, low: null, rel_error: null }, {}, '24 pairs and no interval; 8 pairs and 15 % are needed'],
  ['weights', FIT, { weights: { output: 5 } }, 'the entry weights its tokens, the fit does not'],
  ['hours', { ...FIT, meter: 'unified-7d' }, { weekly_limit_type: 'hours' }, 'the limit is in hours'],
] as const)('below the threshold: %s', (_, fit, quota, reason) => {
  const { suggestions, withheld } = suggestQuotas(usage({ fits: [fit] }), quotas(quota));
  expect(suggestions).toEqual([]);
  expect(withheld).toMatchObject([{ reason }]);
});

test('fits of another lane, and of a meter that no cap stands for, say nothing here', () => {
  const fits = [
    { ...FIT, lane: 'zai' },
    { ...FIT, meter: 'unified-7d_oi' },
  ];
  expect(suggestQuotas(usage({ fits }), quotas({}))).toEqual({ suggestions: [], withheld: [] });
  expect(suggestQuotas(usage({ fits: [FIT] }), { models: { 'claude-*': {} } })).toMatchObject({
    suggestions: [],
    withheld: [{ about: MODEL, reason: 'it has no entry of its own' }],
  });
});

test('the calibrated threshold, with enough confidence and far enough away', () => {
  const calibrated = usage({ warn_pct: { cfg: 0.9, auto: 0.724, confidence: 0.8 } });
  expect(suggestQuotas(calibrated, quotas({ warn_pct: 0.9 })).suggestions).toMatchObject([
    { key: 'warn_pct', value: 0.72, evidence: 'calibrated to 0.72 with a confidence of 0.80' },
  ]);
  expect(suggestQuotas(calibrated, quotas({ warn_pct: 0.71 })).suggestions).toEqual([]);
  const flat = usage({ warn_pct_auto: 0.724, warn_pct_confidence: 0.5 });
  expect(suggestQuotas(flat, quotas({ warn_pct: 0.9 }))).toMatchObject({
    suggestions: [],
    withheld: [{ reason: 'a confidence of 0.50; 0.60 is needed' }],
  });
  expect(suggestQuotas(usage({ warn_pct_auto: 0.7 }), quotas({})).withheld).toMatchObject([
    { reason: 'no confidence; 0.60 is needed' },
  ]);
});

const CONFIG: ProvidersConfig = {
  providers: {
    anthropic: { base_url: 'https://api.anthropic.com', pass_through: true },
    zai: { base_url: 'https://api.z.ai/api/anthropic' },
  },
  routes: [{ pattern: 'claude-*', provider: 'anthropic', fallback: ['other', 'zai'] }],
};

function lanes(anthropic: Partial<LaneState>, zai: Partial<LaneState> = {}): Usage {
  const base: LaneState = { provider: 'x', usable: true, reason: 'ok' };
  return { ts: 1000, models: {}, lanes: { anthropic: { ...base, ...anthropic }, zai: { ...base, ...zai } } };
}

const RESTING = {
  cooldown_active: true,
  cooldown_next_ts: 8200,
  cooldown_kind: 'quota',
  cooldown_reason: 'the 7 day window is full',
  rate_limited: 4,
};

test('a lane that rests for long goes to the end', () => {
  expect(suggestRoutes(lanes(RESTING), CONFIG)).toEqual({
    suggestions: [
      {
        file: 'providers.yaml',
        route: 0,
        provider: 'zai',
        fallback: ['other', 'anthropic'],
        evidence:
          'anthropic rests for 120 min more (the 7 day window is full), 4 times rate limited since the shim started',
        confidence: 'official',
      },
    ],
    withheld: [],
  });
});

test.each([
  ['a short rest', lanes({ ...RESTING, cooldown_next_ts: 4599 }), 'anthropic rests for 60 min more; 60 min are needed'],
  [
    'an unknown rest',
    lanes({ ...RESTING, cooldown_next_ts: null }),
    'anthropic rests for an unknown time; 60 min are needed',
  ],
  ['nobody else', lanes(RESTING, { usable: false }), 'anthropic rests and no fallback is usable'],
  ['nobody awake', lanes(RESTING, { cooldown_active: true }), 'anthropic rests and no fallback is usable'],
])('no change of routes for %s', (_, answer, reason) => {
  expect(suggestRoutes(answer, CONFIG)).toEqual({ suggestions: [], withheld: [{ about: 'route claude-*', reason }] });
});

test('a lane at work is left alone', () => {
  expect(suggestRoutes(lanes({}), CONFIG)).toEqual({ suggestions: [], withheld: [] });
  expect(suggestRoutes({ ts: 1, models: {} }, { providers: {} })).toEqual({ suggestions: [], withheld: [] });
});
