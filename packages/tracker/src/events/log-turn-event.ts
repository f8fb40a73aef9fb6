import type { TrackerEvent } from '@ccp/contracts';
import type { LogTurn } from '../sources/log-turn.ts';

/** A turn of another program's log as a row of windows.jsonl. `capturedTs` is our clock, epoch seconds. */
export function turnOfLog(turn: LogTurn, capturedTs: number): TrackerEvent & { readonly dedupe_key: string } {
  return {
    kind: 'turn',
    type: 'turn',
    event_id: turn.key,
    dedupe_key: turn.key,
    captured_at: new Date(capturedTs * 1000).toISOString(),
    source: turn.source,
    turn: {
      turn_id: turn.key,
      session_id: turn.sessionId,
      model: turn.model,
      subagent: turn.agent,
      tokens_in: turn.inputTokens,
      tokens_out: turn.outputTokens,
      cache_write_tokens: turn.cacheWrite5mTokens + turn.cacheWrite1hTokens,
      cache_write_1h_tokens: turn.cacheWrite1hTokens,
      cache_read_tokens: turn.cacheReadTokens,
      input_kind: 'other',
      // A transcript says when an answer came, not how long it took.
      latency_ms: null,
      attribution: { [turn.model]: 1 },
      capacity_used: null,
      ts: turn.ts,
      request_id: turn.requestId,
      usage_known: true,
    },
  };
}
