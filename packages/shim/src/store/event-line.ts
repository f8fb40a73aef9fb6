import type { UsageEvent } from '@ccp/contracts';
import type { Ended, LinePiece, Permit } from '../exchange.ts';
import type { RestState } from '../quota/cooldown.ts';
import type { WindowUse } from '../quota/verdict.ts';

/*
 * Log lines are put together from pieces of JSON text, because an object of fifty fields, built and stringified twice per
 * request, costs more than relaying a short one. What stays the same from request to request is made into bytes once.
 */

export function lineHead(seq: number, ts: number): readonly LinePiece[] {
  return [SEQ, seq, TS, ts, COMMA];
}

/** What is known of a request when it is let in, the same in both its lines. `standing`: what it has in common with others. */
export function sharedFields(standing: Uint8Array, permit: Permit): readonly LinePiece[] {
  const { accepted } = permit.routed;
  const { rolling, weekly, need } = permit.reservation.verdict;
  const { sessionId, agentId } = accepted.facts;
  return [
    standing,
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

/** The rest of the line written when the body is over. */
export function completionFields(ended: Ended): readonly LinePiece[] {
  const { tokens, latencyMs, streamMs, ttftMs } = ended;
  return [
    outcomeFields(ended),
    tokens.input,
    OUTPUT,
    tokens.output,
    CACHE_WRITE,
    tokens.cacheWrite,
    CACHE_READ,
    tokens.cacheRead,
    ended.usageKnown ? KNOWN : UNKNOWN,
    Math.round(latencyMs),
    STREAM_MS,
    roundOrNull(streamMs),
    TTFT_MS,
    roundOrNull(ttftMs),
    ended.errType === '' ? NO_ERROR : `,"err_type":${JSON.stringify(ended.errType)},"request_id":`,
    quoted(ended.requestId),
    ended.rejection === null ? NO_REJECTION : `,"rejection_kind":${JSON.stringify(ended.rejection.kind)}}`,
  ];
}

function outcomeFields({ status, how, errType }: Ended): LinePiece {
  if (status === 200 && how === 'complete' && errType === '') return COMPLETE;
  const reason = errType === '' ? 'ok' : how === 'timeout' ? 'stream_timeout' : errType;
  const fields = { event: 'completion', status, reason, ended: how } satisfies Partial<UsageEvent>;
  return `${JSON.stringify(fields).slice(0, -1)},"input_tokens":`.slice(1);
}

function roundOrNull(ms: number | null): LinePiece {
  return ms === null ? NULL : Math.round(ms);
}

const SEQ = Buffer.from('{"seq":');
const TS = Buffer.from(',"ts":');
const COMMA = Buffer.from(',');
const NULL = Buffer.from('null');
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
const COMPLETE = Buffer.from('"event":"completion","status":200,"reason":"ok","ended":"complete","input_tokens":');
const OUTPUT = Buffer.from(',"output_tokens":');
const CACHE_WRITE = Buffer.from(',"cache_write_tokens":');
const CACHE_READ = Buffer.from(',"cache_read_tokens":');
const KNOWN = Buffer.from(',"usage_known":true,"latency_ms":');
const UNKNOWN = Buffer.from(',"usage_known":false,"latency_ms":');
const STREAM_MS = Buffer.from(',"stream_ms":');
const TTFT_MS = Buffer.from(',"ttft_ms":');
const NO_ERROR = Buffer.from(',"err_type":"","request_id":');
const NO_REJECTION = Buffer.from(',"rejection_kind":null}');

/** The rest of the line written before an attempt. */
export const NOTHING_YET = [
  Buffer.from(
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
  ),
];
