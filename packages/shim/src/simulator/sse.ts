import { errorBody } from './error-body.ts';
import type { ErrorFields } from './error-body.ts';
import { contentOf, stopReasonOf } from './turn.ts';
import type { Block, FilledTurn, Identity } from './turn.ts';
import type { TokenUsage } from './script.ts';

/** What the client knows about tokens once event `event` (0-based) has arrived. */
export interface UsageMark {
  readonly event: number;
  readonly usage: TokenUsage;
}

export interface Answer {
  readonly events: readonly Buffer[];
  readonly marks: readonly UsageMark[];
}

/**
 * The stream of a turn, one Buffer per event. Pure: the same turn and identity give the same bytes.
 * Order and fields: https://docs.claude.com/en/docs/build-with-claude/streaming
 */
export function streamOf(turn: FilledTurn, identity: Identity): Answer {
  const writer = new EventWriter(turn);
  const start = turn.zero_start ? noTokens : { ...turn.usage, output: Math.min(1, turn.usage.output) };
  writer.add('message_start', { message: messageHead(identity, start) }, start);
  if (turn.ping_every === undefined) writer.ping();
  contentOf(turn, identity).forEach((block, index) => writeBlock(writer, block, index));
  const steps = turn.cumulative_deltas;
  for (let step = 1; step <= steps; step += 1) {
    const output =
      step === steps ? turn.usage.output : Math.max(start.output, Math.floor((turn.usage.output * step) / steps));
    const stop_reason = step === steps ? stopReasonOf(turn) : null;
    const seen = { ...turn.usage, output };
    const usage = turn.delta_usage === 'full' || turn.zero_start ? wireUsage(seen) : { output_tokens: output };
    writer.add('message_delta', { delta: { stop_reason, stop_sequence: null }, usage }, seen);
  }
  writer.add('message_stop', {});
  return writer.finish();
}

/** The same turn as one JSON message. */
export function messageOf(turn: FilledTurn, identity: Identity): Buffer {
  const content = contentOf(turn, identity).map((block) => block.whole);
  const message = { ...messageHead(identity, turn.usage), content, stop_reason: stopReasonOf(turn) };
  return Buffer.from(JSON.stringify(message));
}

/** A failure after the 200 head, in the stream's own framing. */
export function errorEvent(turn: FilledTurn, error: ErrorFields, requestId: string | undefined): Buffer {
  return frame(turn, 'error', errorBody(error, requestId));
}

/** One text delta as a whole event. */
export function textDelta(turn: FilledTurn, index: number): Buffer {
  const delta = { type: 'text_delta', text: turn.chunk_text };
  return frame(turn, 'content_block_delta', JSON.stringify({ type: 'content_block_delta', index, delta }));
}

export const noTokens: TokenUsage = { input: 0, output: 0, cache_write_5m: 0, cache_write_1h: 0, cache_read: 0 };

class EventWriter {
  private readonly turn: FilledTurn;
  private readonly events: Buffer[] = [];
  private readonly marks: UsageMark[] = [];
  private deltas = 0;

  constructor(turn: FilledTurn) {
    this.turn = turn;
  }

  add(type: string, fields: Readonly<Record<string, unknown>>, usage?: TokenUsage): void {
    if (this.turn.omit_events.includes(type)) return;
    if (usage !== undefined) this.marks.push({ event: this.events.length, usage });
    this.events.push(frame(this.turn, type, JSON.stringify({ type, ...fields })));
  }

  delta(index: number, delta: Readonly<Record<string, unknown>>): void {
    this.add('content_block_delta', { index, delta });
    this.deltas += 1;
    const every = this.turn.ping_every ?? 0;
    if (every > 0 && this.deltas % every === 0) this.ping();
  }

  ping(): void {
    this.add('ping', {});
  }

  finish(): Answer {
    const extra = this.turn.extra_frames.toSorted((a, b) => a.after_event - b.after_event);
    if (extra.length === 0) return { events: this.events, marks: this.marks };
    const events: Buffer[] = [];
    const marks: UsageMark[] = [];
    const takeExtra = (upTo: number): void => {
      while (extra[0] !== undefined && extra[0].after_event <= upTo)
        events.push(Buffer.from(extra.shift()?.frame ?? ''));
    };
    this.events.forEach((event, index) => {
      takeExtra(index);
      const mark = this.marks.find((one) => one.event === index);
      if (mark !== undefined) marks.push({ event: events.length, usage: mark.usage });
      events.push(event);
    });
    takeExtra(Number.POSITIVE_INFINITY);
    return { events, marks };
  }
}

function writeBlock(writer: EventWriter, block: Block, index: number): void {
  writer.add('content_block_start', { index, content_block: block.empty });
  for (const delta of block.deltas) writer.delta(index, delta);
  writer.add('content_block_stop', { index });
}

function messageHead(identity: Identity, usage: TokenUsage): Record<string, unknown> {
  return {
    id: identity.id,
    type: 'message',
    role: 'assistant',
    model: identity.model,
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: { ...wireUsage(usage), service_tier: 'standard' },
  };
}

function wireUsage(usage: TokenUsage): Record<string, unknown> {
  return {
    input_tokens: usage.input,
    cache_creation_input_tokens: usage.cache_write_5m + usage.cache_write_1h,
    cache_read_input_tokens: usage.cache_read,
    cache_creation: {
      ephemeral_5m_input_tokens: usage.cache_write_5m,
      ephemeral_1h_input_tokens: usage.cache_write_1h,
    },
    output_tokens: usage.output,
  };
}

function frame(turn: FilledTurn, type: string, data: string): Buffer {
  const eol = turn.crlf ? '\r\n' : '\n';
  return Buffer.from(`${turn.event_names ? `event: ${type}${eol}` : ''}data: ${data}${eol}${eol}`);
}
