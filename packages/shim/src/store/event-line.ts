import type { UsageEvent } from '@ccp/contracts';
import type { Ended, LinePiece, Permit, SharedFields } from '../exchange.ts';
import type { RestState } from '../quota/cooldown.ts';
import type { WindowUse } from '../quota/verdict.ts';

/*
 * Log lines are put together from pieces of JSON text, because an object of fifty fields, built and stringified twice per
 * request, costs more than relaying a short one. What stays the same from request to request is made into bytes once.
 */

/** The line written before an attempt, to be followed by nothing. */
export function decisionLine(seq: number, ts: number, { standing, moment }: SharedFields): readonly LinePiece[] {
  return [SEQ, seq, TS, ts, COMMA, standing.line, ...moment, NOTHING_YET];
}

/** The line written when the body is over. */
export function completionLine(seq: number, ts: number, ended: Ended, shared: SharedFields): readonly LinePiece[] {
  const { standing, moment } = shared;
  return [SEQ, seq, TS, ts, COMMA, standing.line, ...moment, ...ownFields(ended)];
}

/** What is known of a request when it is let in, the same in both its lines. */
export function momentFields(permit: Permit): readonly LinePiece[] {
  const { accepted } = permit.routed;
  const { rolling, weekly, need } = permit.reservation.verdict;
  const { sessionId, agentId } = accepted.facts;
  return [
    RID,
    quoted(accepted.rid),
    attemptFields(permit),
    ROLLING_USED,
    rolling.used,
    ROLLING_CAPACITY,
    rolling.cap ?? NULL,
    WEEKLY_USED,
    weekly.used,
    WEEKLY_CAPACITY,
    weekly.cap ?? NULL,
    HEADROOM_ROLLING,
    headroom(rolling),
    HEADROOM_WEEKLY,
    headroom(weekly),
    restFields(permit),
    RESERVED,
    need,
    SESSION,
    quoted(sessionId),
    AGENT,
    quoted(agentId),
    COMMA,
  ];
}

function attemptFields({ attempt, fallbackFrom }: Permit): LinePiece {
  if (attempt === 1 && fallbackFrom === null) return FIRST_ATTEMPT;
  return `,"retry":${attempt > 1},"attempts":${attempt},"fallback_from":${JSON.stringify(fallbackFrom)}`;
}

function restFields(permit: Permit): LinePiece {
  const rest = preferredRest(permit);
  const resting = rest?.state === 'resting' ? rest.cooldown : null;
  const { shadow } = permit.decided;
  const isProbe = permit.releaseProbe !== null;
  if (resting === null && shadow === null && !isProbe && permit.wastedMs === 0) return NO_REST;
  return `,${JSON.stringify({
    wasted_retry_ms: Math.round(permit.wastedMs),
    cooldown_active: resting !== null,
    cooldown_next_ts: resting?.untilTs ?? null,
    cooldown_kind: resting?.kind ?? null,
    shadow_decision: shadow,
    probe: isProbe,
  } satisfies Partial<UsageEvent>).slice(1, -1)}`;
}

function headroom({ cap, pct }: WindowUse): LinePiece {
  return cap === null ? NULL : Math.max(0, 1 - pct);
}

function quoted(text: string | null): LinePiece {
  return text === null ? NULL : JSON.stringify(text);
}

/** How the lane stood that routing put first. */
function preferredRest(permit: Permit): RestState | undefined {
  if (permit.preferred) return permit.decided.rest;
  const { tried, refused } = permit.trail;
  return (
    [...refused, ...tried].find((one) => one.permit.preferred)?.permit.decided.rest ?? refused[0]?.permit.decided.rest
  );
}

function ownFields(ended: Ended): readonly LinePiece[] {
  const { tokens, errType, how } = ended;
  const reason = errType === '' ? OK : quoted(how === 'timeout' ? 'stream_timeout' : errType);
  return [
    STATUS,
    ended.status,
    REASON,
    reason,
    ENDED,
    how,
    INPUT,
    tokens.input,
    OUTPUT,
    tokens.output,
    CACHE_WRITE,
    tokens.cacheWrite,
    CACHE_READ,
    tokens.cacheRead,
    ended.usageKnown ? KNOWN : UNKNOWN,
    Math.round(ended.latencyMs),
    STREAM_MS,
    roundOrNull(ended.streamMs),
    TTFT_MS,
    roundOrNull(ended.ttftMs),
    ERR_TYPE,
    errType === '' ? EMPTY : quoted(errType),
    REQUEST_ID,
    quoted(ended.requestId),
    REJECTION,
    quoted(ended.rejection?.kind ?? null),
    CLOSE,
  ];
}

function roundOrNull(ms: number | null): LinePiece {
  return ms === null ? NULL : Math.round(ms);
}

const SEQ = Buffer.from('{"seq":');
const TS = Buffer.from(',"ts":');
const COMMA = Buffer.from(',');
const CLOSE = Buffer.from('}');
const NULL = Buffer.from('null');
const EMPTY = Buffer.from('""');
const RID = Buffer.from('"rid":');
const FIRST_ATTEMPT = Buffer.from(',"retry":false,"attempts":1,"fallback_from":null');
const ROLLING_USED = Buffer.from(',"rolling_used_tokens":');
const ROLLING_CAPACITY = Buffer.from(',"rolling_capacity_tokens":');
const WEEKLY_USED = Buffer.from(',"weekly_used_tokens":');
const WEEKLY_CAPACITY = Buffer.from(',"weekly_capacity_tokens":');
const HEADROOM_ROLLING = Buffer.from(',"headroom_pct_rolling":');
const HEADROOM_WEEKLY = Buffer.from(',"headroom_pct_weekly":');
const NO_REST = Buffer.from(
  ',"wasted_retry_ms":0,"cooldown_active":false,"cooldown_next_ts":null,"cooldown_kind":null,"shadow_decision":null,"probe":false',
);
const RESERVED = Buffer.from(',"reserved_tokens":');
const SESSION = Buffer.from(',"session_id":');
const AGENT = Buffer.from(',"agent_id":');
const STATUS = Buffer.from('"event":"completion","status":');
const REASON = Buffer.from(',"reason":');
const OK = Buffer.from('"ok"');
const ENDED = Buffer.from(',"ended":"');
const INPUT = Buffer.from('","input_tokens":');
const OUTPUT = Buffer.from(',"output_tokens":');
const CACHE_WRITE = Buffer.from(',"cache_write_tokens":');
const CACHE_READ = Buffer.from(',"cache_read_tokens":');
const KNOWN = Buffer.from(',"usage_known":true,"latency_ms":');
const UNKNOWN = Buffer.from(',"usage_known":false,"latency_ms":');
const STREAM_MS = Buffer.from(',"stream_ms":');
const TTFT_MS = Buffer.from(',"ttft_ms":');
const ERR_TYPE = Buffer.from(',"err_type":');
const REQUEST_ID = Buffer.from(',"request_id":');
const REJECTION = Buffer.from(',"rejection_kind":');

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
