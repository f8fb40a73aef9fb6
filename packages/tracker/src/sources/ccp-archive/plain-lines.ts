import { recordShapes } from './record-shape.ts';
import type { PlainRecord } from './record-shape.ts';

/** Who takes the lines of a log, in their order. Offsets are those of the bytes that were handed in. */
export interface LineSink {
  /** A turn that was read without parsing; `record` is written over when the next line is read. */
  turn(record: PlainRecord, from: number, to: number): void;
  /** A line that is no turn. */
  passed(kind: Exclude<PlainRecord['kind'], 'turn'>): void;
  /** A line that is not plain: it has to be parsed. */
  odd(from: number, to: number): void;
  empty(): void;
}

/** Reads whole lines of a log; what it learns of one piece of it serves for the next. */
export interface PlainLines {
  read(lines: Buffer, sink: LineSink): void;
}

/** What a decision line says of its status; ours say it at the same distance from their end. */
const DECIDED = '"status":-1,';
const OPEN = 0x7b;
const LINE_FEED = 0x0a;
/** Small enough that the text made of it stays among the short-lived objects of V8, which cost nothing to be rid of. */
const WINDOW_BYTES = 64 * 1024;

export function plainLines(): PlainLines {
  const shapes = recordShapes();
  /** Where the last decision line said so, counted from its end; 0: there was none, or it said so otherwise. */
  let decidedAt = 0;

  /** Whole lines, in the text one character for each byte. */
  const window = (text: string, offset: number, sink: LineSink): void => {
    for (let at = 0; at < text.length;) {
      const decidedEnd = endOfDecided(text, at, decidedAt);
      if (decidedEnd !== -1) {
        sink.passed('decision');
        at = decidedEnd;
        continue;
      }
      const record = shapes.read(text, at);
      if (record === null) {
        const lineEnd = text.indexOf('\n', at);
        if (lineEnd === at) sink.empty();
        else {
          shapes.learn(text, at, lineEnd);
          sink.odd(offset + at, offset + lineEnd);
        }
        at = lineEnd + 1;
        continue;
      }
      const { kind, next } = record;
      if (kind === 'turn') sink.turn(record, offset + at, offset + next - 1);
      else {
        if (kind === 'decision') decidedAt = Math.min(0, text.lastIndexOf(DECIDED, next) - next);
        sink.passed(kind);
      }
      at = next;
    }
  };
  return {
    read(lines, sink) {
      for (let from = 0; from < lines.length;) {
        // As many as fit; one that is longer stands alone.
        const fits = lines.subarray(from, from + WINDOW_BYTES).lastIndexOf(LINE_FEED);
        const to = fits >= 0 ? from + fits + 1 : lines.indexOf(LINE_FEED, from) + 1;
        window(lines.toString('latin1', from, to), from, sink);
        from = to;
      }
    },
  };
}

/**
 * Where the line ends that says, as far from its end as the last one, that it is a decision: nothing else is wanted of it.
 * Nothing else may be on the line, so it must have no other bracket. -1: it says no such thing there.
 */
function endOfDecided(text: string, from: number, decidedAt: number): number {
  if (decidedAt === 0 || text.charCodeAt(from) !== OPEN) return -1;
  const end = text.indexOf('\n', from) + 1;
  const at = end + decidedAt;
  if (at <= from || !text.startsWith(DECIDED, at)) return -1;
  if (text.indexOf('}', from) !== end - 2) return -1;
  const open = text.indexOf('{', from + 1);
  return open === -1 || open > end ? end : -1;
}
