import type { Rule, Rules } from './redact.ts';

const KINDS = ['session', 'turn', 'session_end'];
const TIERS = ['local', 'minimized', 'full'];
const UNITS = ['pp', 'prompts', 'credits', 'tokens'];

const session: Rules = {
  session_id: 'name',
  repo_id: 'hash',
  branch: 'hash',
  commit: 'hash',
  license_id: 'name',
  privacy_tier: { words: TIERS },
  created_at: 'time',
};

const turn: Rules = {
  turn_id: 'name',
  session_id: 'name',
  model: 'model',
  subagent: 'name',
  tokens_in: 'number',
  tokens_out: 'number',
  cache_write_tokens: 'number',
  cache_write_1h_tokens: 'number',
  cache_read_tokens: 'number',
  input_kind: { words: ['text', 'image', 'other'] },
  latency_ms: 'number',
  attribution: { mapOf: 'number', keys: 'model' },
  capacity_used: 'number',
  capacity_unit: { words: UNITS },
  ts: 'number',
  lane: 'name',
  rid: 'name',
  epoch: 'name',
  status: 'number',
  ended: { words: ['complete', 'truncated', 'error_in_stream', 'cancelled', 'timeout', 'failed'] },
  usage_known: 'flag',
  ttft_ms: 'number',
  stream_s: 'number',
  request_id: 'name',
};

const decision: Rules = {
  reroute_mode: { words: ['preemptive', 'run2cap', 'hybrid'] },
  reroute_decision: 'name',
  warn_pct_auto: 'number',
  warn_pct_confidence: 'number',
  warn_pct_cfg: 'number',
  gap_seconds_p50: 'number',
  gap_seconds_p95: 'number',
  gap_samples: 'number',
};

/** What leaves of an event at the tier full: `value` is its summary and its links, the rest numbers and plain names. */
export const EVENT_RULES: Rules = {
  kind: { words: KINDS },
  schema_version: 'name',
  tool_version: 'name',
  type: { words: KINDS },
  event_id: 'name',
  captured_at: 'time',
  source: { words: ['shim', 'api', 'backfill', 'claude-log', 'codex-log'] },
  dedupe_key: 'name',
  session: { fields: session },
  turn: { fields: turn },
  measurement: {
    fields: {
      cls: 'number',
      impf: 'number',
      churn_score: 'number',
      feature_delta: 'number',
      errors: { listOf: 'name' },
    },
  },
  feature: {
    fields: {
      feature_id: 'name',
      spec_ref: 'hash',
      status: { words: ['proposed', 'implemented', 'shipped'] },
      window: 'name',
      commit: 'hash',
      provider: 'name',
    },
  },
  cost: {
    fields: {
      provider: 'name',
      estimated_usd: 'number',
      unit_costs: { mapOf: 'number', keys: 'name' },
      model: 'model',
      priced_as: 'model',
      price_map: 'name',
      unpriced_tokens: 'number',
    },
  },
  value: { fields: { summary: 'text', links: { listOf: 'link' } } },
  decision: { fields: decision },
  session_id: 'name',
  ended_at: 'time',
};

const perModel = (fields: Rules): Rule => ({ mapOf: { fields }, keys: 'model' });

/** What leaves of the summary at the tier full. */
export const SUMMARY_RULES: Rules = {
  schema_version: 'name',
  tool_version: 'name',
  generated_at: 'time',
  sessions: 'number',
  turns: 'number',
  features_shipped: 'number',
  capacity_used: 'number',
  capacity_unit: { words: UNITS },
  capacity_by_unit: { mapOf: 'number', keys: 'name' },
  features_per_capacity: 'number',
  avg_cls: 'number',
  avg_impf: 'number',
  avg_churn_score: 'number',
  model_value: { mapOf: 'number', keys: 'model' },
  model_health: perModel({ ...decision, reqs: 'number', speeds: 'numbers' }),
  tokens: perModel({ input: 'number', output: 'number', cache_write: 'number', cache_read: 'number', turns: 'number' }),
  cost: { fields: { estimated_usd: 'number', price_map: 'name', unpriced_models: { listOf: 'model' } } },
  reroutes: { fields: { fallbacks: 'number', reroutes: 'number', rate_limited: 'number' } },
  // Why it is gated may name a file or a variable.
  gated_lanes: { mapOf: { words: ['license_block'] }, keys: 'name' },
  license: {
    fields: { ok: 'flag', plan: 'name', features: { listOf: 'name' }, expires_at: 'time', key_id: 'name' },
  },
  windows: 'number',
  sources: { listOf: 'name' },
};
