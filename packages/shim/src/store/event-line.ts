import type { UsageEvent } from '@ccp/contracts';
import type { Ended, Permit, SharedFields } from '../exchange.ts';
import type { RestState } from '../quota/cooldown.ts';
import type { WindowUse } from '../quota/verdict.ts';
import { opName } from './counters.ts';
import type { LinePiece } from './line-block.ts';
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
  readonly #standing = new Map<string, Uint8Array>();

  constructor(context: LineContext) {
    this.#context = context;
  }

  /** The pieces of the line written before an attempt, to be followed by nothing. */
  decision(seq: number, ts: number, permit: Permit): readonly LinePiece[] {
    const { standing, moment } = this.#shared(permit);
    return [`{"seq":${seq},"ts":${ts},`, standing, moment, NOTHING_YET];
  }

  /** The pieces of the line written when the body is over. */
  completion(seq: number, ts: number, ended: Ended): readonly LinePiece[] {
    const { standing, moment } = this.#shared(ended.permit);
    return [`{"seq":${seq},"ts":${ts},`, standing, moment + ownFields(ended)];
  }

  /** What both lines of an attempt share, to be followed by more fields. */
  #shared(permit: Permit): SharedFields {
    const { notes } = permit;
    return (notes.shared ??= { standing: this.#standingFields(permit), moment: momentFields(permit) });
  }

  #standingFields(permit: Permit): Uint8Array {
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
      text = Buffer.from(`${JSON.stringify(fields).slice(1, -1)},`);
      if (this.#standing.size >= MOST_TEXTS) this.#standing.clear();
      this.#standing.set(key, text);
    }
    return text;
  }
}

const MOST_TEXTS = 1_000;

/** Put together by hand: an object made for it would cost three times as much. */
function momentFields(permit: Permit): string {
  const { accepted } = permit.routed;
  const { rolling, weekly, need } = permit.reservation.verdict;
  const rest = preferredRest(permit);
  const resting = rest?.state === 'resting' ? rest.cooldown : null;
  const { sessionId, agentId } = accepted.facts;
  return (
    `"rid":${quoted(accepted.rid)},"retry":${permit.attempt > 1},"attempts":${permit.attempt},` +
    `"fallback_from":${quoted(permit.fallbackFrom)},"rolling_used_tokens":${numeral(rolling.used)},` +
    `"rolling_capacity_tokens":${numeral(rolling.cap)},"weekly_used_tokens":${numeral(weekly.used)},` +
    `"weekly_capacity_tokens":${numeral(weekly.cap)},"headroom_pct_rolling":${headroom(rolling)},` +
    `"headroom_pct_weekly":${headroom(weekly)},"wasted_retry_ms":${Math.round(permit.wastedMs)},` +
    `"cooldown_active":${resting !== null},"cooldown_next_ts":${numeral(resting?.untilTs ?? null)},` +
    `"cooldown_kind":${quoted(resting?.kind ?? null)},"shadow_decision":${quoted(permit.decided.shadow)},` +
    `"probe":${permit.releaseProbe !== null},"reserved_tokens":${numeral(need)},` +
    `"session_id":${quoted(sessionId)},"agent_id":${quoted(agentId)},`
  );
}

function headroom({ cap, pct }: WindowUse): string {
  return cap === null ? 'null' : numeral(Math.max(0, 1 - pct));
}

/** As JSON has it. */
function numeral(value: number | null): string {
  return value !== null && Number.isFinite(value) ? `${value}` : 'null';
}

function quoted(text: string | null): string {
  return text === null ? 'null' : JSON.stringify(text);
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
  const { tokens, errType, how } = ended;
  const reason = errType === '' ? 'ok' : how === 'timeout' ? 'stream_timeout' : errType;
  return (
    `"event":"completion","status":${ended.status},"reason":${quoted(reason)},"ended":"${how}",` +
    `"input_tokens":${tokens.input},"output_tokens":${tokens.output},"cache_write_tokens":${tokens.cacheWrite},` +
    `"cache_read_tokens":${tokens.cacheRead},"usage_known":${ended.usageKnown},` +
    `"latency_ms":${Math.round(ended.latencyMs)},"stream_ms":${roundOrNull(ended.streamMs)},` +
    `"ttft_ms":${roundOrNull(ended.ttftMs)},"err_type":${quoted(errType)},` +
    `"request_id":${quoted(ended.requestId)},"rejection_kind":${quoted(ended.rejection?.kind ?? null)}}`
  );
}

const NOTHING_YET = Buffer.from(
  JSON.stringify({
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
  } satisfies Partial<UsageEvent>).slice(1),
);

function roundOrNull(ms: number | null): number | null {
  return ms === null ? null : Math.round(ms);
}
