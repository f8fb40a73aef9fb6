import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const MIB = 1024 * 1024;
const BLOCK = 4 * MIB;
/** What a shim lets a log grow to, and then some: the reader must not live on small files. */
const FILE_BYTES = 32 * MIB;
/** Of the bytes: lines of the original program; the rest are lines of this repository's shim. */
const SHARES = { current: 0, mixed: 0.25, original: 1 };

export const FORMATS = Object.keys(SHARES);

/**
 * Writes usage logs as shims leave them under `root`: `logs/archive/usage-….jsonl` and `logs/usage.jsonl`. The same seed
 * gives the same bytes.
 *
 * @param {{ root: string, mib: number, seed: number, format: string }} wanted
 * @returns {{ files: string[], bytes: number, lines: number, turns: number, sums: Record<string, [number, number]> }}
 *   `sums`: input and output tokens per model, as booked while writing
 */
export function writeCorpus({ root, mib, seed, format }) {
  const archive = join(root, 'logs', 'archive');
  mkdirSync(archive, { recursive: true });
  const random = randomFrom(seed);
  const count = Math.max(1, Math.round((mib * MIB) / FILE_BYTES));
  const original = Math.round(count * SHARES[format]);
  const books = { files: [], bytes: 0, lines: 0, turns: 0, sums: {} };
  const traffic = startTraffic(random);
  for (let index = 0; index < count; index += 1) {
    const stamp = `20300101T${String(index).padStart(6, '0')}`;
    const file = index === count - 1 ? join(root, 'logs', 'usage.jsonl') : join(archive, `usage-${stamp}.jsonl`);
    const lines = index < original ? originalLines : currentLines;
    const size = Math.min(FILE_BYTES, mib * MIB);
    writeFile({ file, size, traffic, lines, books });
    books.files.push(file);
  }
  return books;
}

function writeFile({ file, size, traffic, lines, books }) {
  const fd = openSync(file, 'w');
  let written = 0;
  let block = lines === originalLines ? '{}' : '';
  const flush = () => {
    // Every line is ASCII.
    written += writeSync(fd, block, null, 'latin1');
    block = '';
  };
  while (written + block.length < size) {
    const turn = traffic();
    const text = lines(turn);
    block += text;
    books.lines += lines === originalLines && turn.stream ? 3 : 2;
    books.turns += 1;
    const sum = (books.sums[turn.model] ??= [0, 0]);
    sum[0] += turn.input;
    sum[1] += turn.output;
    if (block.length >= BLOCK) flush();
  }
  flush();
  closeSync(fd);
  books.bytes += written;
}

const MODELS = [
  ['claude-opus-4-1', 'anthropic', 'https://api.anthropic.com'],
  ['claude-sonnet-4-5', 'anthropic', 'https://api.anthropic.com'],
  ['claude-sonnet-4-5-20250929', 'anthropic', 'https://api.anthropic.com'],
  ['claude-haiku-4-5', 'zai', 'https://api.z.ai'],
  ['glm-4.6', 'zai', 'https://api.z.ai'],
];

/** Agents take turns: a session keeps its model for a while, several run side by side. */
function startTraffic(random) {
  let ts = 1_893_456_000;
  let used = 0;
  const whole = (below) => Math.floor(random() * below);
  const hex = (digits) => Array.from({ length: digits }, () => whole(16).toString(16)).join('');
  const newSession = () => ({
    id: `${hex(8)}-${hex(4)}-4${hex(3)}-8${hex(3)}-${hex(12)}`,
    model: MODELS[whole(MODELS.length)],
    agent: random() < 0.3 ? `agent-${hex(8)}` : null,
    left: 20 + whole(300),
  });
  const sessions = Array.from({ length: 4 }, newSession);
  return () => {
    const at = whole(sessions.length);
    if ((sessions[at].left -= 1) < 0) sessions[at] = newSession();
    const { id, model, agent } = sessions[at];
    const failed = random() < 0.02;
    const stream = random() < 0.9;
    const latencyMs = 400 + whole(60_000);
    const input = failed ? 0 : whole(4_000);
    const output = failed ? 0 : 20 + whole(3_000);
    ts += random() * 8;
    used = (used + input + output) % 9_000_000;
    return {
      startTs: ts,
      endTs: ts + latencyMs / 1000,
      rid: hex(8),
      requestId: `req_011C${hex(20)}`,
      ...{ session: id, agent, model: model[0], lane: model[1], upstream: model[2] },
      ...{ failed, stream, latencyMs, input, output, used },
      cacheWrite: failed ? 0 : whole(9_000),
      cacheRead: failed ? 0 : whole(180_000),
      ttftMs: 200 + whole(2_000),
      warnPct: Math.floor(ts / 3_600) % 5 === 0 ? null : 0.72,
    };
  };
}

let seq = 0;

function currentLines(turn) {
  const { lane, model, used, failed, stream } = turn;
  const standing = JSON.stringify({
    usage_event_schema: 'v1',
    epoch: '5b0a6c1e',
    lane,
    provider: lane,
    model,
    upstream_model: model,
    op: stream ? 'stream' : 'nonstream',
    upstream: turn.upstream,
    h2: false,
    header_mode: lane === 'zai' ? 'authorization' : 'pass_through',
    decision: 'catalog',
    decision_reason: 'first_match',
    warn_pct_cfg: 0.8,
    warn_pct_auto: turn.warnPct,
    warn_pct_confidence: turn.warnPct === null ? null : 0.35,
    gap_seconds_p50: 12,
    gap_seconds_p95: 48,
    gap_samples: 14,
    reroute_mode: 'hybrid',
    reroute_decision: 'quota_pass',
    preferred_attempt: true,
  }).slice(1, -1);
  const moment = JSON.stringify({
    rid: turn.rid,
    retry: false,
    attempts: 1,
    fallback_from: null,
    rolling_used_tokens: used,
    rolling_capacity_tokens: 9_000_000,
    weekly_used_tokens: used * 3,
    weekly_capacity_tokens: null,
    headroom_pct_rolling: 1 - used / 9_000_000,
    headroom_pct_weekly: null,
    wasted_retry_ms: 0,
    cooldown_active: false,
    cooldown_next_ts: null,
    cooldown_kind: null,
    shadow_decision: null,
    probe: false,
    reserved_tokens: 4_000 + turn.input,
    session_id: turn.session,
    agent_id: turn.agent,
  }).slice(1, -1);
  const attempt = JSON.stringify({
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
  }).slice(1);
  const own = JSON.stringify({
    event: 'completion',
    status: failed ? 529 : 200,
    reason: failed ? '5xx' : 'ok',
    ended: 'complete',
    input_tokens: turn.input,
    output_tokens: turn.output,
    cache_write_tokens: turn.cacheWrite,
    cache_read_tokens: turn.cacheRead,
    usage_known: !failed,
    latency_ms: turn.latencyMs,
    stream_ms: stream && !failed ? turn.latencyMs - turn.ttftMs / 2 : null,
    ttft_ms: stream && !failed ? turn.ttftMs : null,
    err_type: failed ? '5xx' : '',
    request_id: turn.requestId,
    rejection_kind: failed ? 'overload' : null,
  }).slice(1);
  const line = (ts, rest) => `{"seq":${(seq += 1)},"ts":${ts.toFixed(3)},${standing},${moment},${rest}\n`;
  return line(turn.startTs, attempt) + line(turn.endTs, own);
}

/** Order and omissions of the original program, whose times have a fraction as fine as a double has. */
function originalLines(turn) {
  const { rid, lane, model, stream, failed, upstream } = turn;
  const head = { rid, lane, model };
  const quota = {
    rolling_used_tokens: turn.used || undefined,
    rolling_capacity_tokens: 9_000_000,
    headroom_pct_rolling: 1 - turn.used / 9_000_000,
    warn_pct_cfg: 0.8,
    reroute_mode: 'hybrid',
    reroute_decision: 'quota_pass',
    preferred_attempt: true,
  };
  const op = stream ? 'stream' : 'nonstream';
  const line = (ts, { tokens, ...fields }) => {
    const [input, output] = tokens;
    return `${JSON.stringify({ ts, ...head, input_tokens: input, output_tokens: output, ...fields })}\n`;
  };
  const rest = { err_type: '', upstream, h2: true };
  const nothing = { tokens: [0, 0] };
  const decision = line(turn.startTs, {
    ...nothing,
    ...{ status: -1, reason: '', op, latency_ms: 0, ...rest, event: 'decision', decision: 'catalog', ...quota },
  });
  const early = line(turn.startTs + turn.ttftMs / 2000, {
    ...nothing,
    ...{ status: 200, reason: 'streaming', op, latency_ms: turn.ttftMs, ...rest },
  });
  const completion = line(turn.endTs, {
    tokens: [turn.input, turn.output],
    status: failed ? 529 : 200,
    reason: failed ? '' : 'ok',
    op,
    latency_ms: turn.latencyMs,
    err_type: failed ? '5xx' : '',
    upstream,
    h2: true,
    stream_ms: stream && !failed ? turn.latencyMs - Math.round(turn.ttftMs / 2) : undefined,
    ttft_ms: stream && !failed ? turn.ttftMs : undefined,
    header_mode: 'authorization',
    decision_reason: 'catalog',
    ...quota,
  });
  return decision + (stream ? early : '') + completion;
}

/** mulberry32: small, seeded, the same everywhere. */
function randomFrom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
