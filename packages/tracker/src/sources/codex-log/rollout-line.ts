import { countOf } from '../claude-log/answer.ts';
import { fieldsAt, isFields, textAt } from '../panes/json-fields.ts';
import type { Fields } from '../panes/json-fields.ts';

/** Tokens as Codex counts them: `cached` and `cacheWrite` are part of `input`, `reasoning` of `output`. */
export interface Counts {
  readonly input: number;
  readonly cached: number;
  readonly cacheWrite: number;
  readonly output: number;
  readonly reasoning: number;
}

/** The first line of a rollout, and copies of the first lines of those it was made from. */
export interface MetaLine {
  readonly kind: 'meta';
  /** When the line was written, epoch seconds; null: it does not say. */
  readonly ts: number | null;
  readonly sessionId: string;
  /** The session this one was forked or spawned from; null: none. */
  readonly originId: string | null;
  /** Role within the session that spawned it; empty: it is nobody's subagent. */
  readonly agent: string;
}

/** What the session has used so far. */
export interface CountLine {
  readonly kind: 'count';
  /** Epoch seconds. */
  readonly ts: number;
  readonly total: Counts;
  /** Of the answer before; null: not told. */
  readonly last: Counts | null;
}

/** The account's limits as the provider told them with an answer. */
export interface LimitsLine {
  /** ISO 8601. */
  readonly at: string;
  readonly fields: Fields;
}

/** What a line of a rollout says. A line with limits may have no counts, and the other way round. */
export interface RolloutLine {
  readonly says: MetaLine | CountLine | { readonly kind: 'model'; readonly model: string } | null;
  readonly limits: LimitsLine | null;
}

export type RolloutRead =
  { readonly ok: true; readonly line: RolloutLine } | { readonly ok: false; readonly why: string };

/** Lines with none of these say nothing that is wanted. */
export const MARKERS = ['"token_count"', '"turn_context"', '"session_meta"', '"thread_settings_applied"'];

const NOTHING: RolloutRead = { ok: true, line: { says: null, limits: null } };

/** Reads a line of a rollout. Never throws. */
export function rolloutLine(text: string): RolloutRead {
  const line = jsonOf(text);
  if (!isFields(line)) return { ok: false, why: 'it is no JSON object' };
  const payload = fieldsAt(line, 'payload');
  switch (line['type']) {
    case 'session_meta':
      return metaOf(line, payload);
    case 'turn_context':
      return modelOf(textAt(payload, 'model'));
    case 'event_msg':
      if (payload['type'] === 'token_count') return countsOf(line, payload);
      if (payload['type'] === 'thread_settings_applied')
        return modelOf(textAt(fieldsAt(payload, 'thread_settings'), 'model'));
  }
  return NOTHING;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function metaOf(line: Fields, payload: Fields): RolloutRead {
  const sessionId = textAt(payload, 'id') ?? textAt(payload, 'session_id');
  if (sessionId === null) return { ok: false, why: 'its session has no id' };
  const subagent = fieldsAt(payload, 'source')['subagent'];
  const spawn = fieldsAt(subagent, 'thread_spawn');
  const originId =
    textAt(payload, 'forked_from_id') ?? textAt(spawn, 'parent_thread_id') ?? textAt(payload, 'parent_thread_id');
  const ts = timeOf(line);
  const isAgent = subagent !== undefined || payload['thread_source'] === 'subagent';
  const role = textAt(spawn, 'agent_role') ?? textAt(spawn, 'agent_nickname') ?? 'subagent';
  const agent = isAgent ? role : '';
  return {
    ok: true,
    line: { says: { kind: 'meta', ts: Number.isFinite(ts) ? ts : null, sessionId, originId, agent }, limits: null },
  };
}

function modelOf(model: string | null): RolloutRead {
  return model === null ? NOTHING : { ok: true, line: { says: { kind: 'model', model }, limits: null } };
}

function countsOf(line: Fields, payload: Fields): RolloutRead {
  const at = textAt(line, 'timestamp');
  const ts = timeOf(line);
  if (at === null || !Number.isFinite(ts)) return { ok: false, why: 'it has no time' };
  const told = fieldsAt(payload, 'rate_limits');
  // Often null; then nothing is known of them.
  const limits = isFields(told['primary']) || isFields(told['secondary']) ? { at, fields: told } : null;
  const info = payload['info'];
  // Before the first answer there is nothing to tell.
  if (!isFields(info) || !isFields(info['total_token_usage'])) return { ok: true, line: { says: null, limits } };
  const total = countsIn(info['total_token_usage']);
  const last = isFields(info['last_token_usage']) ? countsIn(info['last_token_usage']) : null;
  if (!isCounts(total) || (last !== null && !isCounts(last)))
    return { ok: false, why: 'its usage has a count that is no whole number from 0' };
  return { ok: true, line: { says: { kind: 'count', ts, total, last }, limits } };
}

/** Epoch seconds; NaN: it is no time. */
function timeOf(line: Fields): number {
  return Date.parse(textAt(line, 'timestamp') ?? '') / 1000;
}

function countsIn(usage: Fields): Counts {
  return {
    input: countOf(usage['input_tokens']),
    cached: countOf(usage['cached_input_tokens']),
    cacheWrite: countOf(usage['cache_write_input_tokens']),
    output: countOf(usage['output_tokens']),
    reasoning: countOf(usage['reasoning_output_tokens']),
  };
}

function isCounts({ input, cached, cacheWrite, output, reasoning }: Counts): boolean {
  return Number.isFinite(input + cached + cacheWrite + output + reasoning);
}
