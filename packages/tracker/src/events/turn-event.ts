import type { Decision, GlmTurn, TrackerEvent, UsageSample } from '@ccp/contracts';
import type { TurnDetails } from '../sources/ccp-archive/archive-turn.ts';
import { turnKey } from '../turn-key.ts';

/** A turn as the shim tells it, as a row of windows.jsonl. `capturedTs` is our clock, epoch seconds. */
export function turnOfSample(sample: UsageSample, capturedTs: number): TrackerEvent & { readonly dedupe_key: string } {
  const latencyMs = (sample.dirty_s ?? 0) * 1000;
  const key = turnKey({
    rid: sample.rid,
    ts: sample.ts,
    model: sample.model,
    lane: sample.lane,
    latencyMs,
    inputTokens: sample.input_tokens,
    outputTokens: sample.output_tokens,
  });
  return {
    kind: 'turn',
    type: 'turn',
    event_id: key,
    dedupe_key: key,
    captured_at: new Date(capturedTs * 1000).toISOString(),
    source: 'shim',
    turn: {
      turn_id: key,
      session_id: sample.session_id ?? '',
      model: sample.model,
      subagent: sample.agent_id ?? '',
      tokens_in: sample.input_tokens,
      tokens_out: sample.output_tokens,
      ...optional({
        cache_write_tokens: sample.cache_write_tokens,
        cache_read_tokens: sample.cache_read_tokens,
        epoch: sample.epoch,
        ended: sample.ended,
        usage_known: sample.usage_known,
        stream_s: sample.stream_s,
      }),
      // The shim does not look into a request.
      input_kind: 'other',
      latency_ms: sample.dirty_s === undefined ? null : Math.round(latencyMs),
      attribution: { [sample.model]: 1 },
      capacity_used: null,
      ts: sample.ts,
      lane: sample.lane,
      rid: sample.rid,
      request_id: sample.request_id ?? null,
      status: sample.status,
      // Older shims wrote 0 where nothing was streamed.
      ttft_ms: sample.ttft_ms || null,
    },
    decision: decisionOf(sample),
  };
}

/** A turn of a router's log or database, which is told as the router itself would, as a row of windows.jsonl. */
export function turnOfArchive(
  { sample, decision }: TurnDetails,
  capturedTs: number,
): TrackerEvent & { readonly dedupe_key: string } {
  return { ...turnOfSample(sample, capturedTs), source: 'ccp-archive', decision };
}

function decisionOf(sample: UsageSample): Decision {
  return optional({
    reroute_mode: sample.reroute_mode,
    reroute_decision: sample.decision,
    warn_pct_auto: sample.warn_pct_auto,
    gap_seconds_p50: sample.gap_seconds_p50,
    gap_seconds_p95: sample.gap_seconds_p95,
    gap_samples: sample.gap_samples,
  });
}

/** Without the fields the writer did not know. */
function optional<T extends object>(fields: T): Partial<{ [Key in keyof T]: Exclude<T[Key], undefined> }> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<{
    [Key in keyof T]: Exclude<T[Key], undefined>;
  }>;
}

/** The same turn as a row of glm_counts.jsonl; null: another model. */
export function glmTurnOf({ dedupe_key: key, turn }: TrackerEvent): GlmTurn | null {
  if (turn === undefined || !turn.model.toLowerCase().startsWith('glm')) return null;
  return {
    kind: 'glm_turn',
    session_id: turn.session_id,
    turn_id: turn.turn_id,
    model: turn.model,
    tokens_in: turn.tokens_in,
    tokens_out: turn.tokens_out,
    ...optional({ ts: turn.ts, dedupe_key: key }),
  };
}
