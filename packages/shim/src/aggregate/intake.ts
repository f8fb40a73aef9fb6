import { createHash } from 'node:crypto';
import {
  beyondMinimized,
  fullEvent,
  fullSummary,
  hashName,
  parseEventUpload,
  parseMetricsSummary,
} from '@ccp/contracts';
import { parseMinimizedUpload, type MetricsSummary, type TrackerEvent, type UploadedEvent } from '@ccp/contracts';
import type { Entry, TurnSums } from './store.ts';

/** What can be kept of a body, and what can't. */
export interface TakenIn {
  readonly stream: string;
  readonly entries: readonly Entry[];
  readonly rejected: readonly { readonly seq: number; readonly reason: string }[];
}

/** Events that may come in one body. */
export const MOST_EVENTS = 2_000;

// A sender replaces what is private by keyed hashes before it sends; what it left in does not get to the disk either.
const redaction = { hash: (text: string): string => hashName(createHash('sha256').update(text).digest('hex')) };

/** A body of `POST /v1/events`. A string says why nothing of it can be used. Single events that can't be are rejected. */
export function takeEvents(body: unknown): TakenIn | string {
  const parsed = parseEventUpload(body);
  const problems = parsed.ok ? [] : parsed.problems;
  const rejected = new Map<number, string>();
  for (const { path, reason } of problems) {
    const [, index, inside] = /^\/events\/(\d+)(\/event(?:\/.*)?)$/.exec(path) ?? [];
    if (index === undefined) return `${path === '' ? 'the body' : path} ${reason}`;
    if (!rejected.has(Number(index))) rejected.set(Number(index), `${inside} ${reason}`);
  }
  const { stream, events } = body as { stream: string; events: UploadedEvent[] };
  if (events.length > MOST_EVENTS) return `/events may have ${MOST_EVENTS} entries`;
  const kept = events.filter((_, index) => !rejected.has(index)).map(entryOf);
  return {
    stream,
    entries: kept,
    rejected: [...rejected].map(([index, reason]) => ({ seq: events[index]?.seq ?? 0, reason })),
  };
}

function entryOf({ seq, id, event, redaction: said }: UploadedEvent): Entry {
  const { value } = fullEvent(event, redaction);
  return {
    seq,
    id,
    kind: value.kind,
    sessionId: value.session?.session_id ?? value.turn?.session_id ?? value.session_id ?? '',
    json: JSON.stringify(said === undefined ? { event: value } : { event: value, redaction: said }),
    turn: turnOf(value),
  };
}

function turnOf({ turn, measurement, cost, captured_at: at }: TrackerEvent): TurnSums | null {
  if (turn === undefined) return null;
  const capturedTs = at === undefined ? 0 : Date.parse(at) / 1000;
  return {
    model: turn.model,
    ts: turn.ts ?? capturedTs,
    inputTokens: turn.tokens_in,
    outputTokens: turn.tokens_out,
    cacheWriteTokens: turn.cache_write_tokens ?? 0,
    cacheReadTokens: turn.cache_read_tokens ?? 0,
    dirtyS: (turn.latency_ms ?? 0) / 1000,
    streamS: turn.stream_s ?? 0,
    features: measurement?.feature_delta ?? 0,
    costUsd: cost?.estimated_usd ?? null,
  };
}

/** A body of `POST /v1/metrics`: the JSON to keep and its time, or why it can't be used. */
export function takeSummary(
  body: unknown,
  tier: 'minimized' | 'full',
): { readonly json: string; readonly generatedTs: number | null } | string {
  const parsed = tier === 'minimized' ? parseMinimizedUpload(body) : parseMetricsSummary(body);
  if (!parsed.ok) {
    const [first] = parsed.problems;
    return `${first?.path || 'the body'} ${first?.reason ?? 'is not valid'}`;
  }
  if (tier === 'minimized') {
    const [first] = beyondMinimized(parsed.value);
    if (first !== undefined) return `${first} is not in the closed set of the tier minimized`;
  }
  const value = tier === 'minimized' ? parsed.value : fullSummary(parsed.value as MetricsSummary, redaction).value;
  const at = value.generated_at === undefined ? NaN : Date.parse(value.generated_at) / 1000;
  return { json: JSON.stringify(value), generatedTs: Number.isNaN(at) ? null : at };
}
