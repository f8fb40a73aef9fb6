/** Fields of a usage line that are read; all others are only stepped over. */
export const FIELD = {
  ts: 0,
  rid: 1,
  epoch: 2,
  lane: 3,
  model: 4,
  op: 5,
  event: 6,
  status: 7,
  reason: 8,
  ended: 9,
  err_type: 10,
  input_tokens: 11,
  output_tokens: 12,
  // What a later draft of the original called them.
  in_tokens: 13,
  out_tokens: 14,
  cache_write_tokens: 15,
  cache_read_tokens: 16,
  usage_known: 17,
  latency_ms: 18,
  stream_ms: 19,
  ttft_ms: 20,
  upstream: 21,
  h2: 22,
  header_mode: 23,
  request_id: 24,
  session_id: 25,
  agent_id: 26,
  decision: 27,
  decision_reason: 28,
  usage_event_schema: 29,
  rolling_used_tokens: 30,
  reroute_mode: 31,
  reroute_decision: 32,
  preferred_attempt: 33,
  warn_pct_auto: 34,
  warn_pct_confidence: 35,
  gap_seconds_p50: 36,
  gap_seconds_p95: 37,
  gap_samples: 38,
} as const;

export type FieldName = keyof typeof FIELD;
export type Field = (typeof FIELD)[FieldName];

export const FIELD_COUNT = Object.keys(FIELD).length;

/** What one line says, however it was read. A value of another type than asked for is as good as none. */
export interface LineFields {
  /** Empty: none. */
  text(field: Field): string;
  /** Null: none. */
  number(field: Field): number | null;
  flag(field: Field): boolean | null;
  /** Whether it says null, which is not the same as saying nothing. */
  isNull(field: Field): boolean;
  /** Whether the line is `{}`. */
  readonly empty: boolean;
}
