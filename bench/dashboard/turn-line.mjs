/** A line of windows.jsonl: the nth turn, ended at `ts` (epoch seconds). */
export function turnLine(nth, ts) {
  const id = nth.toString(16).padStart(8, '0');
  const model = ['claude-sonnet-4-5', 'claude-haiku-4-5', 'claude-opus-4-5'][nth % 3];
  const away = nth % 97 === 0;
  const row = {
    kind: 'turn',
    type: 'turn',
    event_id: id,
    dedupe_key: id,
    captured_at: new Date(ts * 1000).toISOString(),
    source: 'shim',
    turn: {
      turn_id: id,
      session_id: `s-${nth % 40}`,
      model,
      subagent: '',
      tokens_in: 900 + (nth % 700),
      tokens_out: 200 + (nth % 500),
      cache_write_tokens: 300,
      cache_read_tokens: 12_000 + (nth % 9000),
      input_kind: 'other',
      latency_ms: 5000 + (nth % 4000),
      attribution: { [model]: 1 },
      capacity_used: null,
      ts,
      lane: away ? 'zai' : 'anthropic',
      rid: id,
      request_id: null,
      status: 200,
      ended: 'complete',
      usage_known: true,
      stream_s: 3 + (nth % 5),
      ttft_ms: 300 + (nth % 800),
    },
    decision: { reroute_mode: 'hybrid', reroute_decision: away ? 'quota_block' : 'pass_through' },
  };
  return `${JSON.stringify(row)}\n`;
}
