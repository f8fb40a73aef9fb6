import type { Decision, UsageSample } from '@ccp/contracts';
import { turnKey } from '../../turn-key.ts';
import type { Fields, Judged } from './archive-turn.ts';

/**
 * What a line of a usage log or a row of a database says: a finished exchange, or why it is none. Fields of our shim, of
 * the original program and of its predecessors. What a contract would refuse in a row is left out, so that one odd value
 * costs itself and not the turn.
 */
export function judgeRecord(value: unknown): Judged {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return bad('it is no object');
  const record = value as Fields;
  const status = numberIn(record, 'status');
  if (status === -1 || record['event'] === 'decision' || record['ended'] === 'pending') return DECISION;
  if (record['reason'] === 'streaming') return EARLY;
  if (record['op'] === 'count_tokens' || record['op'] === 'models') return OTHER;
  const ts = numberIn(record, 'ts');
  if (ts === null || status === null) {
    for (const _name in record) return bad(ts === null ? 'it has no ts' : 'it has no status');
    return SEED;
  }
  if (ts <= 0 || ts > MOST_TS) return bad(`its ts is no time in epoch seconds (${ts})`);
  if (!Number.isInteger(status)) return bad(`its status is no HTTP status (${status})`);
  const details = { sample: sampleOf(record, ts, status), decision: decisionOf(record) };
  const { model, input_tokens: inputTokens, output_tokens: outputTokens } = details.sample;
  return {
    kind: 'turn',
    turn: { key: keyOf(details.sample), ts, model, inputTokens, outputTokens, details: () => details },
  };
}

/** Year 2286: beyond it somebody wrote milliseconds. */
const MOST_TS = 1e10;

const DECISION: Judged = { kind: 'passed', why: 'decision lines' };
const EARLY: Judged = { kind: 'passed', why: 'early stream lines' };
const SEED: Judged = { kind: 'passed', why: 'seeds' };
const OTHER: Judged = { kind: 'passed', why: 'other requests' };

function bad(why: string): Judged {
  return { kind: 'bad', why };
}

function keyOf(sample: UsageSample): string {
  return turnKey({
    rid: sample.rid,
    ts: sample.ts,
    model: sample.model,
    lane: sample.lane,
    latencyMs: (sample.dirty_s ?? 0) * 1000,
    inputTokens: sample.input_tokens,
    outputTokens: sample.output_tokens,
  });
}

function sampleOf(record: Fields, ts: number, status: number): UsageSample {
  const inputTokens = countIn(record, 'input_tokens') ?? countIn(record, 'in_tokens') ?? 0;
  const outputTokens = countIn(record, 'output_tokens') ?? countIn(record, 'out_tokens') ?? 0;
  // Logs count in milliseconds, databases in seconds.
  const dirtyS = amountIn(record, 'dirty_s') ?? (amountIn(record, 'latency_ms') ?? 0) / 1000;
  const streamS = amountIn(record, 'stream_s') ?? (amountIn(record, 'stream_ms') ?? 0) / 1000;
  const errType = textIn(record, 'err_type');
  return {
    ts,
    rid: textIn(record, 'rid'),
    model: textIn(record, 'model') || '(none)',
    lane: textIn(record, 'lane'),
    op: textIn(record, 'op'),
    input_tokens: inputTokens,
    output_tokens: outputTokens,
    cache_write_tokens: countIn(record, 'cache_write_tokens') ?? 0,
    cache_read_tokens: countIn(record, 'cache_read_tokens') ?? 0,
    dirty_s: dirtyS,
    stream_s: streamS > 0 ? streamS : dirtyS,
    // Older writers put 0 where nothing was streamed.
    ttft_ms: amountIn(record, 'ttft_ms') || null,
    status,
    ended: textIn(record, 'ended') || oldEnd(status, textIn(record, 'reason'), errType),
    err_type: errType,
    epoch: textIn(record, 'epoch'),
    // Older writers did not say: zero tokens are then no evidence of zero.
    usage_known: flagIn(record, 'usage_known') ?? inputTokens + outputTokens > 0,
    request_id: textIn(record, 'request_id') || null,
    session_id: textIn(record, 'session_id') || null,
    agent_id: textIn(record, 'agent_id') || null,
  };
}

/** How an exchange ended, from the traces older writers left of it. */
function oldEnd(status: number, reason: string, errType: string): string {
  if (status < 100 || errType === 'net') return 'failed';
  if (reason === 'stream_timeout' || errType === 'idle_timeout' || errType === 'timeout') return 'timeout';
  return errType === 'stream_error' ? 'error_in_stream' : 'complete';
}

function decisionOf(record: Fields): Decision {
  const preferred = record['preferred_attempt'];
  const decision: Decision = {};
  const mode = textIn(record, 'reroute_mode');
  if (mode !== '') decision.reroute_mode = mode;
  // Databases have one column for both words; it is told the same when it is polled.
  const decided = textIn(record, 'dirty_s' in record ? 'decision' : 'reroute_decision');
  if (decided !== '') decision.reroute_decision = decided;
  if (typeof preferred === 'boolean') decision.preferred_attempt = preferred;
  else if (Number.isInteger(preferred) && (preferred as number) >= 0) decision.preferred_attempt = preferred as number;
  for (const name of SHARES) {
    const share = amountIn(record, name);
    if (share !== null && share <= 1) decision[name] = share;
  }
  for (const name of GAPS) {
    const seconds = numberIn(record, name);
    if (seconds !== null) decision[name] = seconds;
  }
  const samples = amountIn(record, 'gap_samples');
  if (samples !== null) decision.gap_samples = samples;
  return decision;
}

const SHARES = ['warn_pct_auto', 'warn_pct_confidence', 'warn_pct_cfg'] as const;
const GAPS = ['gap_seconds_p50', 'gap_seconds_p95'] as const;

function textIn(record: Fields, name: string): string {
  const value = record[name];
  return typeof value === 'string' ? value : '';
}

function numberIn(record: Fields, name: string): number | null {
  const value = record[name];
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

/** A number from 0 that is still exact, whatever it is multiplied with: nothing that was measured is beyond. */
function amountIn(record: Fields, name: string): number | null {
  const value = numberIn(record, name);
  return value !== null && value >= 0 && value <= Number.MAX_SAFE_INTEGER ? value : null;
}

function countIn(record: Fields, name: string): number | null {
  const value = amountIn(record, name);
  return value === null ? null : Math.round(value);
}

/** Databases have 0 and 1. */
function flagIn(record: Fields, name: string): boolean | null {
  const value = record[name];
  if (typeof value === 'boolean') return value;
  return value === 0 || value === 1 ? value === 1 : null;
}
