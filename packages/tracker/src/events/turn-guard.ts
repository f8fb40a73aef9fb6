import { isFields } from './older/shape.ts';
import type { Fields } from './older/shape.ts';
import type { RowOf } from './row-families.ts';

/**
 * Whether a row is a turn as our own writer writes it. True only for rows that follow their contract; false means "ask
 * the contract", not "invalid". It exists for speed: a million turns pass here, and the general validator costs more
 * than reading the JSON does.
 */
export function isOwnTurn(row: unknown): row is RowOf<'turn'> {
  if (!isFields(row)) return false;
  const { turn, decision } = row;
  return (
    row['kind'] === 'turn' &&
    typeof row['schema_version'] === 'string' &&
    typeof row['tool_version'] === 'string' &&
    isMaybeText(row['type']) &&
    isMaybeText(row['event_id']) &&
    isMaybeText(row['source']) &&
    isMaybeText(row['dedupe_key']) &&
    isMaybeText(row['session_id']) &&
    isMaybeText(row['notes']) &&
    (row['captured_at'] === undefined || isPlainTime(row['captured_at'])) &&
    (row['ended_at'] === undefined || isPlainTime(row['ended_at'])) &&
    // Rare beside a turn, so they are left to the contract.
    row['session'] === undefined &&
    row['measurement'] === undefined &&
    row['feature'] === undefined &&
    row['cost'] === undefined &&
    row['value'] === undefined &&
    isFields(turn) &&
    isTurn(turn) &&
    (decision === undefined || (isFields(decision) && isDecision(decision)))
  );
}

function isTurn(turn: Fields): boolean {
  return (
    typeof turn['turn_id'] === 'string' &&
    typeof turn['session_id'] === 'string' &&
    typeof turn['model'] === 'string' &&
    typeof turn['subagent'] === 'string' &&
    typeof turn['input_kind'] === 'string' &&
    isCount(turn['tokens_in']) &&
    isCount(turn['tokens_out']) &&
    (turn['latency_ms'] === null || isAmount(turn['latency_ms'])) &&
    (turn['cache_write_tokens'] === undefined || isCount(turn['cache_write_tokens'])) &&
    (turn['cache_write_1h_tokens'] === undefined || isCount(turn['cache_write_1h_tokens'])) &&
    (turn['cache_read_tokens'] === undefined || isCount(turn['cache_read_tokens'])) &&
    (turn['attribution'] === undefined || isShares(turn['attribution'])) &&
    isMaybeAmount(turn['capacity_used']) &&
    isMaybeText(turn['capacity_unit']) &&
    (turn['ts'] === undefined || isAmount(turn['ts'])) &&
    isMaybeText(turn['lane']) &&
    isMaybeText(turn['rid']) &&
    (turn['request_id'] === null || isMaybeText(turn['request_id'])) &&
    isMaybeText(turn['epoch']) &&
    (turn['status'] === undefined || Number.isInteger(turn['status'])) &&
    isMaybeText(turn['ended']) &&
    (turn['usage_known'] === undefined || typeof turn['usage_known'] === 'boolean') &&
    isMaybeAmount(turn['ttft_ms']) &&
    isMaybeAmount(turn['stream_s'])
  );
}

function isDecision(decision: Fields): boolean {
  const { preferred_attempt: preferred } = decision;
  return (
    isMaybeText(decision['reroute_mode']) &&
    isMaybeText(decision['reroute_decision']) &&
    (preferred === undefined || preferred === null || typeof preferred === 'boolean' || isCount(preferred)) &&
    isMaybeShare(decision['warn_pct_auto']) &&
    isMaybeShare(decision['warn_pct_confidence']) &&
    isMaybeShare(decision['warn_pct_cfg']) &&
    isMaybeNumber(decision['gap_seconds_p50']) &&
    isMaybeNumber(decision['gap_seconds_p95']) &&
    isMaybeAmount(decision['gap_samples'])
  );
}

function isMaybeText(value: unknown): boolean {
  return value === undefined || typeof value === 'string';
}

function isCount(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 0;
}

function isAmount(value: unknown): boolean {
  return Number.isFinite(value) && (value as number) >= 0;
}

function isMaybeAmount(value: unknown): boolean {
  return value === undefined || value === null || isAmount(value);
}

function isMaybeNumber(value: unknown): boolean {
  return value === undefined || value === null || Number.isFinite(value);
}

function isMaybeShare(value: unknown): boolean {
  return value === undefined || value === null || (isAmount(value) && (value as number) <= 1);
}

function isShares(value: unknown): boolean {
  if (!isFields(value)) return false;
  for (const name in value) if (!Number.isFinite(value[name])) return false;
  return true;
}

const PLAIN_TIME = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?Z$/;

/** A time as `Date.toISOString` prints it; days that not every month has are left to the contract. */
function isPlainTime(value: unknown): boolean {
  if (typeof value !== 'string' || !PLAIN_TIME.test(value)) return false;
  const day = value.slice(8, 10);
  return day <= '28' || (day <= '30' && value.slice(5, 7) !== '02');
}
