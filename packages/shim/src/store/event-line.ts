import type { UsageEvent } from '@ccp/contracts';
import type { Ended, Permit } from '../exchange.ts';
import { opName } from './counters.ts';

export interface LineContext {
  readonly epoch: string;
  readonly rerouteMode: string;
  readonly warnPctCfg: number | null;
  readonly headerMode: string;
  /** The book name of the model (bounded in number). */
  readonly model: string;
}

/**
 * The fields both lines of an attempt share, as the inside of a JSON object. Made once per attempt: an object of fifty
 * fields that is spread and written twice costs more than relaying the request.
 */
export function sharedFields(permit: Permit, context: LineContext): string {
  const { accepted } = permit.routed;
  const { rolling, weekly } = permit.reservation.verdict;
  const fields = {
    usage_event_schema: 'v1',
    epoch: context.epoch,
    rid: accepted.rid,
    lane: permit.lane.id,
    provider: permit.lane.id,
    model: context.model,
    upstream_model: permit.model === accepted.facts.model ? context.model : permit.model,
    op: opName(accepted.op, accepted.facts.stream),
    upstream: permit.lane.origin,
    h2: false,
    header_mode: context.headerMode,
    retry: permit.attempt > 1,
    attempts: permit.attempt,
    fallback_from: permit.fallbackFrom,
    decision: permit.decision,
    decision_reason: permit.decisionReason,
    rolling_used_tokens: rolling.used,
    rolling_capacity_tokens: rolling.cap,
    weekly_used_tokens: weekly.used,
    weekly_capacity_tokens: weekly.cap,
    headroom_pct_rolling: rolling.cap === null ? null : Math.max(0, 1 - rolling.pct),
    headroom_pct_weekly: weekly.cap === null ? null : Math.max(0, 1 - weekly.pct),
    warn_pct_cfg: context.warnPctCfg,
    warn_pct_auto: context.warnPctCfg,
    warn_pct_confidence: null,
    gap_seconds_p50: null,
    gap_seconds_p95: null,
    gap_samples: 0,
    reroute_mode: context.rerouteMode,
    reroute_decision: permit.rerouteDecision,
    preferred_attempt: permit.preferred,
    cooldown_active: false,
    cooldown_next_ts: null,
    wasted_retry_ms: Math.round(permit.wastedMs),
    session_id: accepted.facts.sessionId,
    agent_id: accepted.facts.agentId,
  } satisfies Partial<UsageEvent>;
  return JSON.stringify(fields).slice(1, -1);
}

/** The line written before an attempt. Status −1: nothing has been answered yet. */
export function decisionLine(seq: number, ts: number, shared: string): string {
  return `{"seq":${seq},"ts":${ts},${shared},${NOTHING_YET}`;
}

/** The line written when the body is over. */
export function completionLine(seq: number, ts: number, shared: string, ended: Ended): string {
  const own = {
    event: 'completion',
    status: ended.status,
    reason: ended.errType === '' ? 'ok' : ended.how === 'timeout' ? 'stream_timeout' : ended.errType,
    ended: ended.how,
    input_tokens: ended.tokens.input,
    output_tokens: ended.tokens.output,
    cache_write_tokens: ended.tokens.cacheWrite,
    cache_read_tokens: ended.tokens.cacheRead,
    usage_known: ended.usageKnown,
    latency_ms: Math.round(ended.latencyMs),
    stream_ms: roundOrNull(ended.streamMs),
    ttft_ms: roundOrNull(ended.ttftMs),
    err_type: ended.errType,
    request_id: ended.requestId,
  } satisfies Partial<UsageEvent>;
  return `{"seq":${seq},"ts":${ts},${shared},${JSON.stringify(own).slice(1)}`;
}

const NOTHING_YET = JSON.stringify({
  event: 'decision',
  status: -1,
  reason: 'attempt',
  ended: 'pending',
  input_tokens: 0,
  output_tokens: 0,
  cache_write_tokens: 0,
  cache_read_tokens: 0,
  usage_known: false,
  latency_ms: 0,
  stream_ms: null,
  ttft_ms: null,
  err_type: '',
  request_id: null,
} satisfies Partial<UsageEvent>).slice(1);

function roundOrNull(ms: number | null): number | null {
  return ms === null ? null : Math.round(ms);
}
