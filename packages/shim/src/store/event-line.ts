import type { UsageEvent } from '@ccp/contracts';
import type { Ended, Permit, SharedFields } from '../exchange.ts';
import type { RestState } from '../quota/cooldown.ts';
import type { WindowUse } from '../quota/verdict.ts';
import type { LineBuffer } from './line-buffer.ts';

/*
 * Log lines are written value by value, because an object of fifty fields, built and stringified twice per request, costs
 * more than relaying a short one. What stays the same from request to request is made into bytes once.
 */

/** How a line begins: its number, and epoch seconds. */
export interface LineHead {
  readonly seq: number;
  readonly ts: number;
}

/** The line before an attempt. */
export function writeDecisionLine(line: LineBuffer, head: LineHead, permit: Permit, shared: SharedFields): void {
  writeHead(line, head);
  writeShared(line, permit, shared);
  line.bytes(NOTHING_YET);
}

/** The line written when the body is over. */
export function writeCompletionLine(line: LineBuffer, head: LineHead, ended: Ended, shared: SharedFields): void {
  writeHead(line, head);
  writeShared(line, ended.permit, shared);
  writeOutcome(line, ended);
}

function writeHead(line: LineBuffer, { seq, ts }: LineHead): void {
  line.bytes(SEQ);
  line.number(seq);
  line.bytes(TS);
  line.seconds(ts);
  line.bytes(COMMA);
}

/** What is known of a request when it is let in, the same in both its lines. */
function writeShared(line: LineBuffer, permit: Permit, shared: SharedFields): void {
  if (shared.written !== null && line.repeat(shared.written)) return;
  const from = line.length;
  const { accepted } = permit.routed;
  const { rolling, weekly, need } = permit.reservation.verdict;
  line.bytes(shared.standing.line);
  line.bytes(RID);
  line.quoted(accepted.rid);
  line.bytes(ROLLING_USED);
  line.number(rolling.used);
  line.bytes(WEEKLY_USED);
  line.number(weekly.used);
  line.bytes(HEADROOM_ROLLING);
  writeHeadroom(line, rolling);
  line.bytes(HEADROOM_WEEKLY);
  writeHeadroom(line, weekly);
  line.bytes(RESERVED);
  line.number(need);
  writeHistory(line, permit);
  line.quoted(accepted.facts.sessionId);
  line.bytes(AGENT);
  line.quoted(accepted.facts.agentId);
  line.bytes(COMMA);
  shared.written = line.since(from);
}

/** What came before this attempt; nearly always nothing. */
function writeHistory(line: LineBuffer, permit: Permit): void {
  const rest = preferredRest(permit);
  const resting = rest?.state === 'resting' ? rest.cooldown : null;
  const { attempt, fallbackFrom } = permit;
  const { shadow } = permit.decided;
  const isProbe = permit.releaseProbe !== null;
  const isFirst = attempt === 1 && fallbackFrom === null;
  if (isFirst && resting === null && shadow === null && !isProbe && permit.wastedMs === 0) {
    line.bytes(NO_HISTORY);
    return;
  }
  const fields = {
    retry: attempt > 1,
    attempts: attempt,
    fallback_from: fallbackFrom,
    wasted_retry_ms: Math.round(permit.wastedMs),
    cooldown_active: resting !== null,
    cooldown_next_ts: resting?.untilTs ?? null,
    cooldown_kind: resting?.kind ?? null,
    shadow_decision: shadow,
    probe: isProbe,
  } satisfies Partial<UsageEvent>;
  line.text(`,${JSON.stringify(fields).slice(1, -1)},"session_id":`);
}

function writeHeadroom(line: LineBuffer, { cap, pct }: WindowUse): void {
  if (cap === null) line.bytes(NULL);
  else line.share(Math.max(0, 1 - pct));
}

/** How the lane stood that routing put first. */
function preferredRest(permit: Permit): RestState | undefined {
  if (permit.preferred) return permit.decided.rest;
  const { tried, refused } = permit.trail;
  return (
    [...refused, ...tried].find((one) => one.permit.preferred)?.permit.decided.rest ?? refused[0]?.permit.decided.rest
  );
}

function writeOutcome(line: LineBuffer, ended: Ended): void {
  const { tokens, status, how, errType } = ended;
  if (status === 200 && how === 'complete' && errType === '') line.bytes(COMPLETE);
  else line.text(outcomeFields(ended));
  line.number(tokens.input);
  line.bytes(OUTPUT);
  line.number(tokens.output);
  line.bytes(CACHE_WRITE);
  line.number(tokens.cacheWrite);
  line.bytes(CACHE_READ);
  line.number(tokens.cacheRead);
  line.bytes(ended.usageKnown ? KNOWN : UNKNOWN);
  line.number(Math.round(ended.latencyMs));
  line.bytes(STREAM_MS);
  line.number(roundOrNull(ended.streamMs));
  line.bytes(TTFT_MS);
  line.number(roundOrNull(ended.ttftMs));
  if (errType === '') line.bytes(NO_ERROR);
  else line.text(`,"err_type":${JSON.stringify(errType)},"request_id":`);
  line.quoted(ended.requestId);
  if (ended.rejection === null) line.bytes(NO_REJECTION);
  else line.text(`,"rejection_kind":${JSON.stringify(ended.rejection.kind)}}`);
}

function outcomeFields({ status, how, errType }: Ended): string {
  const reason = errType === '' ? 'ok' : how === 'timeout' ? 'stream_timeout' : errType;
  const fields = { event: 'completion', status, reason, ended: how } satisfies Partial<UsageEvent>;
  return `${JSON.stringify(fields).slice(1, -1)},"input_tokens":`;
}

function roundOrNull(ms: number | null): number | null {
  return ms === null ? null : Math.round(ms);
}

const SEQ = Buffer.from('{"seq":');
const TS = Buffer.from(',"ts":');
const COMMA = Buffer.from(',');
const NULL = Buffer.from('null');
const RID = Buffer.from('"rid":');
const ROLLING_USED = Buffer.from(',"rolling_used_tokens":');
const WEEKLY_USED = Buffer.from(',"weekly_used_tokens":');
const HEADROOM_ROLLING = Buffer.from(',"headroom_pct_rolling":');
const HEADROOM_WEEKLY = Buffer.from(',"headroom_pct_weekly":');
const NO_HISTORY = Buffer.from(
  ',"retry":false,"attempts":1,"fallback_from":null,"wasted_retry_ms":0,"cooldown_active":false,"cooldown_next_ts":null,"cooldown_kind":null,"shadow_decision":null,"probe":false,"session_id":',
);
const RESERVED = Buffer.from(',"reserved_tokens":');
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
