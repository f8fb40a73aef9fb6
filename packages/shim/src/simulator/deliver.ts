import { cut, encodeEvents, encodeWhole, piece, seeded } from './cut.ts';
import { errorBody, errorFields, statusOf } from './error-body.ts';
import type { ErrorFields } from './error-body.ts';
import type { Exchange } from './exchange.ts';
import type { CutHow } from './outlet.ts';
import type { Beat, Plan } from './playback.ts';
import { errorEvent, messageOf, streamOf, textDelta } from './sse.ts';
import type { Answer } from './sse.ts';
import { endsOf } from './templates.ts';
import { toolTurn } from './tool-turn.ts';
import type { FilledTurn, Identity } from './turn.ts';

/** Serves a turn as scripted: a stream or one JSON message, whichever was asked for. */
export function answer(exchange: Exchange, scripted: FilledTurn): void {
  exchange.doing('turn');
  const turn = toolTurn(exchange, scripted);
  exchange.later(turn.ttft_ms, () => {
    const identity = identityOf(exchange, turn);
    if (!exchange.facts.stream) return answerWhole(exchange, turn, identity);
    const plan = plainPlan(exchange, turn, identity);
    if (plan === undefined) return send(exchange, turn, streamOf(turn, identity), {});
    const head = goodHeaders(exchange, turn, 'text/event-stream; charset=utf-8');
    exchange.play(head, plan, { eventsAt: eventsWithin(plan.ends), marks: plan.marks });
  });
}

export interface Disturbance {
  /** Events sent before the end; clamped so that the last event never goes out. */
  readonly keep?: number;
  /** An event put after them. */
  readonly last?: Buffer;
  readonly pause?: { readonly before: number; readonly for_ms: number | undefined };
  readonly end?: CutHow;
}

/** Serves a turn with something going wrong on the way. A JSON message counts as two events: its halves. */
export function disturb(
  exchange: Exchange,
  turn: FilledTurn,
  disturbance: Disturbance & { readonly act: string },
): void {
  exchange.doing(disturbance.act);
  const scripted = toolTurn(exchange, turn);
  exchange.later(scripted.ttft_ms, () => {
    const identity = identityOf(exchange, scripted);
    const whole = exchange.facts.stream
      ? streamOf(scripted, identity)
      : halves(messageOf(scripted, identity), scripted);
    send(exchange, scripted, whole, disturbance);
  });
}

export interface FailureInside extends Partial<ErrorFields> {
  readonly act: string;
  readonly after_events: number;
}

/** An `error` event after the 200 head. A JSON answer cannot hold one: there it becomes the status it stands for. */
export function failInside(exchange: Exchange, turn: FilledTurn, failure: FailureInside): void {
  const type = failure.type ?? 'overloaded_error';
  const error = errorFields(statusOf(type), { ...failure, type });
  if (exchange.facts.stream) {
    const last = errorEvent(turn, error, turn.no_request_id ? undefined : exchange.id('req_'));
    return disturb(exchange, turn, { act: failure.act, keep: failure.after_events, last });
  }
  exchange.doing(failure.act);
  const id = exchange.nameAnswer();
  const head = ['content-type', 'application/json', 'request-id', id];
  exchange.whole(statusOf(type), head, Buffer.from(errorBody(error, id)));
}

/** At least `bytes` of text deltas at the client's reading speed. */
export function pour(exchange: Exchange, turn: FilledTurn, bytes: number): void {
  exchange.doing('huge');
  const identity = identityOf(exchange, turn);
  const { events, marks } = streamOf({ ...turn, thinking_chunks: 0, text_chunks: 1, tools: 0 }, identity);
  const body = events.findIndex((event) => event.includes('text_delta')) + 1;
  const [before, after] = [events.slice(0, body), events.slice(body)];
  const delta = textDelta(turn, 0);
  const lump = piece(Buffer.concat(Array.from({ length: Math.ceil(LUMP_BYTES / delta.length) }, () => delta)));
  const lumps = Math.ceil(bytes / lump.bytes.length);
  const deltas = (lumps * lump.bytes.length) / delta.length;
  const beat = [
    piece(Buffer.concat(before)),
    ...Array.from({ length: lumps }, () => lump),
    piece(Buffer.concat(after)),
  ];
  const lead = Buffer.concat(before).length;
  const eventsAt = (sent: number): number => {
    const inDeltas = Math.min(deltas, Math.max(0, Math.floor((sent - lead) / delta.length)));
    const tail = eventsWithin(endsOf(after))(sent - lead - deltas * delta.length);
    return eventsWithin(endsOf(before))(sent) + inDeltas + tail;
  };
  const moved = marks.map((mark) => ({ ...mark, event: mark.event < body ? mark.event : mark.event + deltas }));
  const head = goodHeaders(exchange, turn, 'text/event-stream; charset=utf-8');
  exchange.play(head, { beats: [beat], pace_ms: 0, spaced: false, end: 'finish' }, { eventsAt, marks: moved });
}

const LUMP_BYTES = 65_536;

function answerWhole(exchange: Exchange, turn: FilledTurn, identity: Identity): void {
  const json = exchange.provider.templates.of(turn, identity.model)?.json(identity.id) ?? messageOf(turn, identity);
  const head = goodHeaders(exchange, turn, 'application/json');
  if (turn.content_encoding === undefined) return exchange.whole(200, head, json, turn.usage);
  void encodeWhole(json, turn.content_encoding).then((body) => exchange.whole(200, head, body, turn.usage));
}

/** The short way for undisturbed turns: everything but the first event was made before. */
function plainPlan(exchange: Exchange, turn: FilledTurn, identity: Identity) {
  const split = turn.split ?? 'coalesce';
  if (turn.content_encoding !== undefined || (split !== 'coalesce' && split !== 'event')) return undefined;
  const template = exchange.provider.templates.of(turn, identity.model);
  if (template === undefined) return undefined;
  const start = piece(template.start(identity.id));
  const isPaced = turn.pace_ms > 0;
  const beats: Beat[] = isPaced
    ? [[start], ...template.beats]
    : [[start, ...(split === 'event' ? template.single : template.coalesced)]];
  const spaced = split === 'event' && !isPaced;
  return { beats, pace_ms: turn.pace_ms, spaced, end: 'finish', ends: template.ends, marks: template.marks } as const;
}

function send(exchange: Exchange, turn: FilledTurn, { events, marks }: Answer, disturbance: Disturbance): void {
  const kept =
    disturbance.keep === undefined ? [...events] : events.slice(0, Math.min(disturbance.keep, events.length - 1));
  if (disturbance.last !== undefined) kept.push(disturbance.last);
  const seenMarks = marks.filter((mark) => mark.event < kept.length - (disturbance.last === undefined ? 0 : 1));
  const type = exchange.facts.stream ? 'text/event-stream; charset=utf-8' : 'application/json';
  const go = (encoded: readonly Buffer[]): void => {
    const head = goodHeaders(exchange, turn, type);
    exchange.play(head, plan(exchange, turn, encoded, disturbance), {
      eventsAt: eventsWithin(endsOf(encoded)),
      marks: seenMarks,
    });
  };
  if (turn.content_encoding === undefined) go(kept);
  else void encodeEvents(kept, turn.content_encoding).then(go);
}

function plan(exchange: Exchange, turn: FilledTurn, events: readonly Buffer[], disturbance: Disturbance): Plan {
  const { pause, end = 'finish' } = disturbance;
  const pace_ms = exchange.facts.stream ? turn.pace_ms : 0;
  const split = turn.split ?? (pace_ms > 0 ? 'event' : 'coalesce');
  const spaced = turn.split !== undefined && split !== 'coalesce';
  const next = seeded(exchange.provider.seed * 1_000_003 + exchange.seq);
  const at = Math.min(pause?.before ?? events.length, events.length);
  const moments = pace_ms > 0 ? events.map((event) => [event]) : [events.slice(0, at), events.slice(at)];
  const groups = moments.filter((group) => group.length > 0);
  const before = pace_ms > 0 || at === 0 ? at : 1;
  return {
    beats: groups.map((group) => cut(group, split, next)),
    pace_ms,
    spaced,
    end,
    ...(pause === undefined ? {} : { pause: { before, for_ms: pause.for_ms } }),
  };
}

function goodHeaders(exchange: Exchange, turn: FilledTurn, contentType: string): string[] {
  const { meters, keyLimits, now } = exchange.provider;
  const skewMs = exchange.skewMs ?? 0;
  const headers = ['content-type', contentType];
  if (contentType.startsWith('text/event-stream')) headers.push('cache-control', 'no-cache');
  if (turn.content_encoding !== undefined) headers.push('content-encoding', turn.content_encoding);
  if (!turn.no_request_id) headers.push('request-id', exchange.nameAnswer());
  if (meters !== undefined) headers.push(...meters.headers(now(), skewMs));
  if (keyLimits !== undefined) headers.push(...keyLimits.headers(now(), skewMs));
  return headers;
}

function identityOf(exchange: Exchange, turn: FilledTurn): Identity {
  return { id: exchange.id('msg_'), model: turn.model ?? exchange.facts.model ?? 'claude-simulated' };
}

function halves(json: Buffer, turn: FilledTurn): Answer {
  const middle = Math.floor(json.length / 2);
  return { events: [json.subarray(0, middle), json.subarray(middle)], marks: [{ event: 1, usage: turn.usage }] };
}

function eventsWithin(ends: readonly number[]): (bytes: number) => number {
  return (bytes) => {
    if (bytes >= (ends.at(-1) ?? 0)) return ends.length;
    return ends.findIndex((end) => end > bytes);
  };
}
