import { cut, piece } from './cut.ts';
import type { Piece } from './cut.ts';
import { messageOf, streamOf } from './sse.ts';
import type { UsageMark } from './sse.ts';
import type { FilledTurn } from './turn.ts';

/** A turn's bytes made once: only the message id differs from answer to answer. */
export interface Template {
  /** The first event, with this id in place. */
  start(id: string): Buffer;
  json(id: string): Buffer;
  /** Every event but the first, one write each. */
  readonly single: readonly Piece[];
  /** The same as beats. */
  readonly beats: readonly (readonly Piece[])[];
  /** The same in as few writes as possible. */
  readonly coalesced: readonly Piece[];
  readonly marks: readonly UsageMark[];
  /** Byte offset at which each event ends. */
  readonly ends: readonly number[];
}

/** Every id of a simulator has this length, so it can be written over the one in a template. */
export const ID_CHARACTERS = 28;

/** Templates by turn and model; turns that put ids anywhere but into the first event have none. */
export class Templates {
  private readonly byTurn = new WeakMap<FilledTurn, Map<string, Template>>();

  of(turn: FilledTurn, model: string): Template | undefined {
    if (turn.tools > 0 || turn.extra_frames.length > 0 || turn.omit_events.length > 0) return undefined;
    let byModel = this.byTurn.get(turn);
    if (byModel === undefined) this.byTurn.set(turn, (byModel = new Map()));
    let template = byModel.get(model);
    if (template === undefined) {
      // Clients choose model names: without a bound they could grow the table for ever.
      if (byModel.size >= MODELS_PER_TURN) byModel.clear();
      byModel.set(model, (template = build(turn, model)));
    }
    return template;
  }
}

/** Byte offset at which each event ends. */
export function endsOf(events: readonly Buffer[]): number[] {
  let at = 0;
  return events.map((event) => (at += event.length));
}

const MODELS_PER_TURN = 64;

function build(turn: FilledTurn, model: string): Template {
  const identity = { id: 'msg_'.padEnd(ID_CHARACTERS, '0'), model };
  const { events, marks } = streamOf(turn, identity);
  const [first = Buffer.alloc(0), ...rest] = events;
  const single = rest.map((event) => piece(event));
  let json: Buffer | undefined;
  return {
    start: stamp(first, identity.id),
    // Streams are what clients ask for; the whole message is made on demand.
    json: (id) => stamp((json ??= messageOf(turn, identity)), identity.id)(id),
    single,
    beats: single.map((one) => [one]),
    coalesced: cut(rest, 'coalesce', () => 0),
    marks,
    ends: endsOf(events),
  };
}

/** The id comes before anything a scenario or client chose, so the first place it stands is the right one. */
function stamp(bytes: Buffer, placeholder: string): (id: string) => Buffer {
  const at = bytes.indexOf(placeholder);
  return (id) => {
    const copy = Buffer.from(bytes);
    copy.write(id, at, 'latin1');
    return copy;
  };
}
