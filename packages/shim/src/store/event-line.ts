import type { UsageEvent } from '@ccp/contracts';
import type { Ended, Permit } from '../exchange.ts';
import type { RestState } from '../quota/cooldown.ts';
import { opName } from './counters.ts';
import type { CalibrationFields } from './sample-of.ts';

export interface LineContext {
  readonly epoch: string;
  readonly rerouteMode: string;
  readonly warnPctOf: (permit: Permit) => number | null;
  readonly calibrationOf: (permit: Permit) => CalibrationFields;
  readonly headerModeOf: (permit: Permit) => string;
  /** The name a model is booked under; bounded in number. */
  readonly bookName: (model: string) => string;
}

/**
 * Log lines are put together from pieces of JSON text, because an object of fifty fields, built and stringified twice per
 * request, costs more than relaying a short one. What stays the same from request to request is made into text once.
 */
export class LineWriter {
  readonly #context: LineContext;
  readonly #standing = new Map<string, string>();

  constructor(context: LineContext) {
    this.#context = context;
  }

  /** The pieces of the line written before an attempt, to be followed by nothing. */
  decision(seq: number, ts: number, permit: Permit): readonly string[] {
    return [`{"seq":${seq},"ts":${ts},`, this.#shared(permit), NOTHING_YET];
  }

  /** The pieces of the line written when the body is over. */
  completion(seq: number, ts: number, ended: Ended): readonly string[] {
    return [`{"seq":${seq},"ts":${ts},`, this.#shared(ended.permit), ownFields(ended)];
  }

  /** What both lines of an attempt share, ready to be followed by more fields. */
  #shared(permit: Permit): string {
    const { notes } = permit;
    if (notes.sharedFields === '') notes.sharedFields = this.#standingFields(permit) + momentFields(permit);
    return notes.sharedFields;
  }

  #standingFields(permit: Permit): string {
    const { accepted } = permit.routed;
    const model = this.#context.bookName(accepted.facts.model);
    const op = opName(accepted.op, accepted.facts.stream);
    const { lane, decision, decisionReason, rerouteDecision, preferred } = permit;
    const warnPct = this.#context.warnPctOf(permit);
    const known = this.#context.calibrationOf(permit);
    const evidence = `${known.warnPctAuto} ${known.confidence} ${known.gapP50} ${known.gapP95} ${known.gapSamples}`;
    const key = `${lane.id}\n${lane.origin}\n${model}\n${permit.model}\n${op}\n${decision}\n${decisionReason}\n${rerouteDecision}\n${preferred}\n${warnPct}\n${evidence}`;
    let text = this.#standing.get(key);
    if (text === undefined) {
      const fields = {
        usage_event_schema: 'v1',
        epoch: this.#context.epoch,
        lane: lane.id,
        provider: lane.id,
        model,
        upstream_model: permit.model === accepted.facts.model ? model : permit.model,
        op,
        upstream: lane.origin,
        h2: false,
        header_mode: this.#context.headerModeOf(permit),
        decision,
        decision_reason: decisionReason,
        warn_pct_cfg: warnPct,
        warn_pct_auto: known.warnPctAuto,
        warn_pct_confidence: known.confidence,
        gap_seconds_p50: known.gapP50,
        gap_seconds_p95: known.gapP95,
        gap_samples: known.gapSamples,
        reroute_mode: this.#context.rerouteMode,
        reroute_decision: rerouteDecision,
        preferred_attempt: preferred,
      } satisfies Partial<UsageEvent>;
      text = `${JSON.stringify(fields).slice(1, -1)},`;
      if (this.#standing.size >= MOST_TEXTS) this.#standing.clear();
      this.#standing.set(key, text);
    }
    return text;
  }
}

const MOST_TEXTS = 1_000;

function momentFields(permit: Permit): string {
  const { accepted } = permit.routed;
  const { rolling, weekly, need } = permit.reservation.verdict;
  const rest = preferredRest(permit);
  const resting = rest?.state === 'resting' ? rest.cooldown : null;
  const fields = {
    rid: accepted.rid,
    retry: permit.attempt > 1,
    attempts: permit.attempt,
    fallback_from: permit.fallbackFrom,
    rolling_used_tokens: rolling.used,
    rolling_capacity_tokens: rolling.cap,
    weekly_used_tokens: weekly.used,
    weekly_capacity_tokens: weekly.cap,
    headroom_pct_rolling: rolling.cap === null ? null : Math.max(0, 1 - rolling.pct),
    headroom_pct_weekly: weekly.cap === null ? null : Math.max(0, 1 - weekly.pct),
    wasted_retry_ms: Math.round(permit.wastedMs),
    cooldown_active: resting !== null,
    cooldown_next_ts: resting?.untilTs ?? null,
    cooldown_kind: resting?.kind ?? null,
    shadow_decision: permit.decided.shadow,
    probe: permit.releaseProbe !== null,
    reserved_tokens: need,
    session_id: accepted.facts.sessionId,
    agent_id: accepted.facts.agentId,
  } satisfies Partial<UsageEvent>;
  return `${JSON.stringify(fields).slice(1, -1)},`;
}

/** How the lane stood that routing put first. */
function preferredRest(permit: Permit): RestState | undefined {
  if (permit.preferred) return permit.decided.rest;
  const { tried, refused } = permit.trail;
  return (
    [...refused, ...tried].find((one) => one.permit.preferred)?.permit.decided.rest ?? refused[0]?.permit.decided.rest
  );
}

function ownFields(ended: Ended): string {
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
    rejection_kind: ended.rejection?.kind ?? null,
  } satisfies Partial<UsageEvent>;
  return JSON.stringify(own).slice(1);
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
  rejection_kind: null,
} satisfies Partial<UsageEvent>).slice(1);

function roundOrNull(ms: number | null): number | null {
  return ms === null ? null : Math.round(ms);
}
