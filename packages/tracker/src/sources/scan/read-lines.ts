import { readSync } from 'node:fs';
import type { Cursor } from './cursor.ts';

/** A line that may hold what is looked for: it has a marker in it. */
export interface SeenLine {
  /** Whose bytes from `start` to `end` are the line without its end. Valid during the call only. */
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
  /** Counted from 1. */
  readonly line: number;
  /** False: its writer may not be done with it; it is told again with its end. */
  readonly isEnded: boolean;
}

export interface LineReader {
  readonly markers: readonly Buffer[];
  /** Reused for all files. Lines longer than half of it are looked through in parts and then read as one. */
  readonly chunk: Buffer;
  /** A line that is longer is passed over. */
  readonly mostLineBytes: number;
  onLine(line: SeenLine): void;
  onTooLong(line: number): void;
}

export type Position = Pick<Cursor, 'offset' | 'scanned' | 'lines' | 'marked'>;

/** Where it stands now, and how many new bytes that took. */
export interface Progress {
  readonly at: Position;
  readonly bytes: number;
}

const LINE_FEED = 0x0a;
const CLOSE_OBJECT = 0x7d;

/**
 * Reads on from `from` to the end of the file, or a little more than `mostBytes`, and tells every line with a marker in
 * it. A last line without its end is told when it looks whole, because some programs end lines late.
 */
export function readLines(fd: number, from: Position, reader: LineReader, mostBytes: number): Progress {
  const { chunk, markers } = reader;
  // A marker may lie across two reads.
  const overlap = Math.max(...markers.map(({ length }) => length)) - 1;
  let { offset, scanned, lines, marked } = from;
  let start = Math.max(offset, scanned - overlap);
  for (;;) {
    const size = readSync(fd, chunk, 0, chunk.length, start);
    const bytes = size === chunk.length ? chunk : chunk.subarray(0, size);
    const marks = markersIn(bytes, markers);
    for (;;) {
      const lineEnd = bytes.indexOf(LINE_FEED, scanned - start);
      if (lineEnd === -1) break;
      marked = marks.isBefore(offset - start, lineEnd) || marked;
      lines += 1;
      if (marked) tell(fd, reader, { bytes, start, offset, end: start + lineEnd, line: lines, isEnded: true });
      offset = scanned = start + lineEnd + 1;
      marked = false;
    }
    scanned = Math.max(scanned, start + size);
    marked = marks.isBefore(offset - start, size) || marked;
    const isAtEnd = size < chunk.length;
    if (isAtEnd || scanned - from.scanned >= mostBytes) {
      const isNew = scanned > from.scanned;
      if (isAtEnd && isNew && marked && bytes[size - 1] === CLOSE_OBJECT)
        tell(fd, reader, { bytes, start, offset, end: scanned, line: lines + 1, isEnded: false });
      return { at: { offset, scanned, lines, marked }, bytes: scanned - from.scanned };
    }
    // The begun line comes again as a whole if it is short; else only what follows of it is read.
    start = scanned - offset <= chunk.length / 2 ? offset : scanned - overlap;
  }
}

interface Told {
  readonly bytes: Buffer;
  /** Where `bytes`, the line and its end lie in the file. */
  readonly start: number;
  readonly offset: number;
  readonly end: number;
  readonly line: number;
  readonly isEnded: boolean;
}

function tell(fd: number, reader: LineReader, { bytes, start, offset, end, line, isEnded }: Told): void {
  const size = end - offset;
  if (size > reader.mostLineBytes) {
    if (isEnded) reader.onTooLong(line);
    return;
  }
  if (offset >= start) {
    const from = offset - start;
    reader.onLine({ bytes, start: offset === 0 ? afterMark(bytes, from) : from, end: end - start, line, isEnded });
    return;
  }
  const whole = Buffer.allocUnsafeSlow(size);
  let filled = 0;
  while (filled < size) {
    const more = readSync(fd, whole, filled, size - filled, offset + filled);
    // It shrank while it was read: the next look finds that out.
    if (more === 0) return;
    filled += more;
  }
  reader.onLine({ bytes: whole, start: offset === 0 ? afterMark(whole, 0) : 0, end: size, line, isEnded });
}

/** Index after a byte order mark. */
function afterMark(bytes: Buffer, at: number): number {
  return bytes[at] === 0xef && bytes[at + 1] === 0xbb && bytes[at + 2] === 0xbf ? at + 3 : at;
}

interface Marks {
  /** Whether a marker begins at `from` or later and before `to`. Both only ever grow. */
  isBefore(from: number, to: number): boolean;
}

/** Each marker is searched for once over the bytes, however many lines there are. */
function markersIn(bytes: Buffer, markers: readonly Buffer[]): Marks {
  const next = markers.map((marker) => bytes.indexOf(marker));
  return {
    isBefore(from, to) {
      let found = false;
      for (let index = 0; index < markers.length; index += 1) {
        let at = next[index] as number;
        if (at !== -1 && at < from) next[index] = at = bytes.indexOf(markers[index] as Buffer, from);
        if (at !== -1 && at < to) found = true;
      }
      return found;
    },
  };
}
