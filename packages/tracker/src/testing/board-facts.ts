import type { WindowRecord } from '@ccp/contracts';
import type { Reading } from '../reading.ts';
import type { BoardFacts } from '../rollups/board/board-of.ts';
import { snapshotOf, usageFixture } from './fixtures.ts';

/** When the facts are looked at: half a second after the shim's answer. */
export const BOARD_TS = Date.parse('2030-01-01T00:00:00.750Z') / 1000;

const NO_ROWS: BoardFacts['rows'] = {
  records: [],
  snapshots: [],
  glmCounts: [],
  anomalies: [],
  churn: [],
  reports: [],
};

/** Nothing is known: no shim ever answered and no journal holds a row. */
export const EMPTY_FACTS: BoardFacts = {
  snapshot: null,
  state: 'none',
  shimUrl: 'http://127.0.0.1:8082',
  version: null,
  trackedSince: null,
  readings: [],
  rows: NO_ROWS,
  measured: { cls: null, impf: null },
  decisions: [],
  problems: [],
  nowTs: BOARD_TS,
  tz: 'UTC',
};

export function weeklyReading(over: Partial<Reading> = {}): Reading {
  return {
    provider: 'claude',
    account: null,
    scope: 'all',
    window_min: 10_080,
    used_pp: 62,
    resets_at: '2030-01-03T12:00:00.000Z',
    observed_at: '2029-12-31T23:58:00.000Z',
    source: 'statusline',
    confidence: 'official',
    ...over,
  };
}

export function windowRecord(nth: number, over: Partial<WindowRecord> = {}): WindowRecord {
  return {
    kind: 'window',
    window: `W0-0${nth}`,
    finalized_at: `2029-12-2${nth}T12:00:00.000Z`,
    features: { claude: 2 + (nth % 2) },
    quality_score: 0.9,
    outcome: 'pass',
    methodology: 'xp',
    providers: {
      claude: {
        delta: { all_models_pct: 4 + nth, session_pct: 30 },
        capacity: 4 + nth,
        capacity_unit: 'pp',
        capacity_field: 'all_models_pct',
      },
    },
    ...over,
  };
}

/** Something in every part. */
export function fullFacts(over: Partial<BoardFacts> = {}): BoardFacts {
  return {
    ...EMPTY_FACTS,
    snapshot: snapshotOf(usageFixture('full')),
    state: 'live',
    trackedSince: '2029-12-20T08:00:00.000Z',
    readings: [
      weeklyReading(),
      weeklyReading({ used_pp: 61, source: 'pane', observed_at: '2029-12-31T22:00:00.000Z' }),
      weeklyReading({ scope: 'model:opus', used_pp: 91.5 }),
    ],
    rows: {
      ...NO_ROWS,
      records: [1, 2, 3, 4].map((nth) => windowRecord(nth)),
      anomalies: [
        {
          kind: 'anomaly',
          window: 'W0-02',
          provider: 'codex',
          captured_at: '2029-12-22T12:00:00.000Z',
          code: 'negative-delta',
          field: 'weekly_pct',
          notes: 'weekly_pct fell from 64 to 12',
        },
      ],
      churn: [
        {
          kind: 'churn',
          window: 'W0-04',
          provider: 'claude',
          methodology: 'xp',
          files_changed: 7,
          insertions: 120,
          deletions: 33,
          net: 87,
          normalized_churn: 0.12,
          captured_at: '2029-12-25T12:00:00.000Z',
        },
      ],
    },
    measured: { cls: 0.4, impf: 12.5 },
    decisions: [
      {
        at_ts: BOARD_TS - 4,
        model: 'claude-sonnet-4-5',
        lane: 'anthropic',
        decision: 'pass_through',
        reason: null,
        status: 200,
        ended: 'complete',
        ttft_ms: 612,
        rid: '5c1e90ab',
      },
      {
        at_ts: BOARD_TS - 2,
        model: 'claude-haiku-4-5',
        lane: 'anthropic',
        decision: 'fallback',
        reason: 'zai failed: 429 rate_limit_error',
        status: 200,
        ended: 'complete',
        ttft_ms: 1312,
        rid: '5c1e90ac',
      },
    ],
    ...over,
  };
}
