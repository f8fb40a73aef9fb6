import type { JournalName } from '../events/journal-files.ts';
import type { RowKind } from '../events/row-families.ts';

/** A row as an earlier writer wrote it, and what it means today. */
export interface OlderRow {
  readonly what: string;
  readonly file: JournalName;
  readonly row: Readonly<Record<string, unknown>>;
  readonly kind: RowKind;
  /** Fields of the row as it is read; what is undefined must not be there. */
  readonly means: Readonly<Record<string, unknown>>;
}

const AT = '2025-10-19T12:00:00.123456+00:00';
const PANE = { provider: 'codex', phase: 'before', captured_at: AT, source: 'alias', notes: 'alias:start' };
const TURN = {
  ...{ turn_id: 't-1', session_id: 's-1', model: 'glm-4.6', subagent: '', tokens_in: 10, tokens_out: 5 },
  ...{ input_kind: 'text', latency_ms: 12.5, attribution: { 'glm-4.6': 1 }, capacity_used: 0.25 },
};
const SESSION = {
  ...{ session_id: 's-1', repo_id: 'r', branch: 'main', commit: 'abc', license_id: '', privacy_tier: 'local' },
  ...{ created_at: AT, metadata: { team: 'a' } },
};

/** One of every shape that may be found in a data folder of an earlier tracker. */
export const olderRows: readonly OlderRow[] = [
  {
    what: 'a snapshot',
    file: 'snapshots.jsonl',
    row: {
      ...PANE,
      window: 'W0-01',
      raw_text: '5h limit: 1% used',
      parsed: { fiveh_pct: 1, errors: [] },
      schema_version: '1.0.0',
    },
    kind: 'snapshot',
    means: { window: 'W0-01', parsed: { fiveh_pct: 1, errors: [] }, captured_at: AT },
  },
  {
    what: 'a snapshot of the Codex bars by epoch seconds',
    file: 'snapshots.jsonl',
    row: {
      ...{ ts: 1_760_875_200.5, window_id: 'W0-02', provider: 'codex', phase: 'after', raw: 'text', by: 'me' },
      meters: { fiveh_pct: 2, fiveh_resets: '13:01', weekly_pct: 83, weekly_resets: null },
    },
    kind: 'snapshot',
    means: {
      ...{ window: 'W0-02', captured_at: '2025-10-19T12:00:00.500Z', raw_text: 'text', by: 'me' },
      parsed: { fiveh_pct: 2, fiveh_resets: '13:01', weekly_pct: 83, weekly_resets: null },
      ...{ ts: undefined, window_id: undefined, meters: undefined, raw: undefined },
    },
  },
  {
    what: 'a snapshot of the Claude bars, whose names were those of Codex',
    file: 'snapshots.jsonl',
    row: {
      ...{ ts: AT, window_id: 'W0-02', provider: 'claude', phase: 'before', raw: null },
      meters: { fiveh_pct: 1, fiveh_resets: '8:59pm', weekly_pct: 90, weekly_resets: 'Oct 20', opus_pct: 0 },
    },
    kind: 'snapshot',
    means: {
      parsed: {
        session_pct: 1,
        session_resets: '8:59pm',
        all_models_pct: 90,
        all_models_resets: 'Oct 20',
        opus_pct: 0,
      },
      raw_text: undefined,
    },
  },
  {
    what: 'a finished window',
    file: 'windows.jsonl',
    row: {
      ...{ window: 'W0-01', finalized_at: AT, features: { codex: 3, claude: 0, glm: 1 }, quality_score: 1, quality: 1 },
      ...{ outcome: 'pass', notes: '', spec_id: null, commit_start: null, methodology: 'm-1' },
      providers: {
        codex: {
          ...{ before: { weekly_pct: 64 }, after: { weekly_pct: 82 }, delta: { weekly_pct: 18, fiveh_pct: null } },
          ...{ captured_at: { before: AT, after: AT }, notes: ['a'], errors: [] },
        },
      },
    },
    kind: 'window',
    means: { quality_score: 1, features: { codex: 3, claude: 0, glm: 1 }, spec_id: undefined, commit_start: undefined },
  },
  {
    what: 'a window with start and end, in marks',
    file: 'windows.jsonl',
    row: {
      ...{ window_id: 'W0-03', start: '2025-10-19T07:00:00Z', end: AT, methodology_id: 'm-2', notes: ['one', 'two'] },
      providers: {
        codex: { delta_weekly_pp: 18, delta_fiveh_pp: 1, units: 3 },
        claude: { delta_all_pp: 4, opus_pp: 0, units: 1 },
        glm: { prompts_used: 40, cap: 120, units: 2 },
      },
      quality: { pass: 3, fail: 1, score: 4 },
    },
    kind: 'window',
    means: {
      ...{ window: 'W0-03', start: '2025-10-19T07:00:00Z', finalized_at: AT, methodology: 'm-2', notes: 'one; two' },
      providers: {
        codex: { delta: { weekly_pct: 18, fiveh_pct: 1 }, units: 3 },
        claude: { delta: { all_models_pct: 4, opus_pct: 0 }, units: 1 },
        glm: {
          ...{ prompts_used: 40, cap: 120, units: 2 },
          ...{ capacity: 40, capacity_unit: 'prompts', capacity_field: 'prompts_used' },
        },
      },
      ...{ quality_score: 0.75, quality: 0.75, quality_raw: { pass: 3, fail: 1, score: 4 }, features: undefined },
    },
  },
  {
    what: 'the usage of one provider in a window, in marks',
    file: 'windows.jsonl',
    row: {
      ...{ provider: 'claude', window_id: 'W0-04', captured_at: AT, tokens_used: 1234, features_completed: 2 },
      ...{
        quality_score: 5,
        outcome: 'pass',
        reset_at: AT,
        source: 'manual',
        schema_version: '0.1',
        feature_ids: ['f'],
      },
    },
    kind: 'window',
    means: {
      ...{ window: 'W0-04', finalized_at: AT, features: { claude: 2 }, quality_score: 1, quality_raw: 5 },
      ...{ tokens_used: 1234, provider: 'claude', reset_at: AT, window_id: undefined },
    },
  },
  {
    what: 'a session that began',
    file: 'windows.jsonl',
    row: { type: 'session', session: SESSION },
    kind: 'session',
    means: { session: SESSION, type: 'session' },
  },
  {
    what: 'a turn',
    file: 'windows.jsonl',
    row: {
      type: 'turn',
      turn: TURN,
      measurement: { cls: 0, impf: 0, churn_score: 0, feature_delta: 1 },
      feature: null,
    },
    kind: 'turn',
    means: { turn: TURN, feature: undefined },
  },
  {
    what: 'a session that ended',
    file: 'windows.jsonl',
    row: { type: 'session_end', session_id: 's-1', ended_at: AT, notes: null },
    kind: 'session_end',
    means: { session_id: 's-1', ended_at: AT, notes: undefined },
  },
  {
    what: 'a count of prompts',
    file: 'glm_counts.jsonl',
    row: {
      window: 'W0-01',
      provider: 'glm',
      captured_at: AT,
      notes: '',
      raw_text: '{}',
      parsed: {},
      source: 'ingest',
      prompts_used: 118,
    },
    kind: 'glm_count',
    means: { prompts_used: 118, window: 'W0-01' },
  },
  {
    what: 'a count of prompts with a cap',
    file: 'glm_counts.jsonl',
    row: {
      ts: 1_760_875_200_000,
      window_id: 'W0-02',
      source: 'ccusage',
      prompts_used: 30,
      prompts_cap: 120,
      notes: null,
    },
    kind: 'glm_count',
    means: {
      ...{ window: 'W0-02', captured_at: '2025-10-19T12:00:00.000Z', provider: 'glm', prompts_cap: 120 },
      ...{ notes: undefined, ts: undefined },
    },
  },
  {
    what: 'a turn of a GLM model',
    file: 'glm_counts.jsonl',
    row: { session_id: 's-1', turn_id: 't-1', model: 'glm-4.6', tokens_in: 10, tokens_out: 5 },
    kind: 'glm_turn',
    means: { turn_id: 't-1', tokens_in: 10 },
  },
  {
    what: 'a report of ccusage on Codex',
    file: 'codex_ccusage.jsonl',
    row: {
      window: 'W0-01',
      provider: 'codex-ccusage',
      scope: 'session',
      captured_at: AT,
      notes: '',
      raw_text: '',
      parsed: { total_tokens: 7_372_723_263 },
      source: 'ingest',
    },
    kind: 'codex_ccusage',
    means: { scope: 'session', parsed: { total_tokens: 7_372_723_263 } },
  },
  {
    what: 'a report of claude-monitor',
    file: 'claude_monitor.jsonl',
    row: {
      window: 'W0-01',
      provider: 'claude-monitor',
      captured_at: AT,
      notes: null,
      raw_text: '',
      parsed: { token_limit: 153_378 },
    },
    kind: 'claude_monitor',
    means: { parsed: { token_limit: 153_378 }, notes: undefined },
  },
  {
    what: 'a report of the proxy',
    file: 'proxy_telemetry.jsonl',
    row: { window: 'W0-01', provider: 'proxy', captured_at: AT, parsed: { total: 8 }, source: 'ingest' },
    kind: 'proxy_telemetry',
    means: { parsed: { total: 8 } },
  },
  {
    what: 'churn of a range that was not named',
    file: 'churn.jsonl',
    row: {
      ...{ window: 'W0-01', provider: 'codex', methodology: null, commit_start: null, commit_end: null, paths: null },
      ...{ files_changed: 3, insertions: 10, deletions: 4, net: 6, features: 0, normalized_churn: null },
      ...{ captured_at: AT, notes: '', source: 'churn' },
    },
    kind: 'churn',
    means: { insertions: 10, net: 6, normalized_churn: null, commit_start: undefined, paths: undefined },
  },
  {
    what: 'an anomaly that names all meters',
    file: 'anomalies.jsonl',
    row: {
      ...{ window: 'W0-01', provider: 'codex', captured_at: AT, notes: 'negative-delta-detected', source: 'finalize' },
      ...{ delta: { weekly_pct: -9 }, before: { weekly_pct: 19 }, after: { weekly_pct: 10 } },
    },
    kind: 'anomaly',
    means: {
      notes: 'negative-delta-detected',
      delta: undefined,
      delta_meters: { weekly_pct: -9 },
      before_meters: { weekly_pct: 19 },
    },
  },
  {
    what: 'an anomaly of one meter',
    file: 'anomalies.jsonl',
    row: {
      window: 'W0-01',
      provider: 'codex',
      captured_at: AT,
      notes: 'negative-delta-detected',
      delta: -9,
      before: 19,
      after: 10,
    },
    kind: 'anomaly',
    means: { delta: -9, before: 19, after: 10 },
  },
];
