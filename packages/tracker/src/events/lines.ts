import { readSync } from 'node:fs';

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const BLOCK_BYTES = 512 * 1024;

/** Longer lines are not read; nothing we write comes near. Without a limit a file of zeros would be one line in memory. */
export const MAX_LINE_BYTES = 16 * 1024 * 1024;

const EMPTY: Buffer = Buffer.alloc(0);

/** A part of a file, in bytes. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** Some whole lines, or the last one without its end, or one that is too long to be read. */
export interface Chunk {
  readonly data: Buffer;
  /** Where it starts in the file. */
  readonly offset: number;
  /** Bytes of the line that is too long, its end included; 0: there is none. */
  readonly tooLong: number;
  /** Whether its last line has a line end. */
  readonly ended: boolean;
}

/** A line of a file, without its end. */
export interface Line {
  readonly bytes: Buffer;
  /** Where it starts in the file. */
  readonly offset: number;
  /** Counted from 1 at the start of the span. */
  readonly line: number;
  /** After its line end; null: it has none. */
  readonly next: number | null;
  readonly tooLong: boolean;
}

/**
 * Whole lines of a span in order, in blocks. Works on bytes, so a torn character spoils its own line only. Reading is
 * synchronous: an append must look at the file and write without another append in between, and one way to read is
 * enough. The caller may pause between two chunks.
 */
export function* chunksOf(fd: number, { from, to }: Span): Generator<Chunk> {
  let rest = EMPTY;
  let restAt = from;
  let dropping = false;
  for (let at = from; at < to;) {
    const block = readBlock(fd, at, Math.min(at + BLOCK_BYTES, to));
    if (block.length === 0) break;
    at += block.length;
    let data = block;
    if (dropping) {
      const end = block.indexOf(LINE_FEED);
      if (end === -1) continue;
      dropping = false;
      const lineEnd = at - block.length + end + 1;
      yield { data: EMPTY, offset: restAt, tooLong: lineEnd - restAt, ended: true };
      restAt = lineEnd;
      data = block.subarray(end + 1);
    } else if (rest.length > 0) data = Buffer.concat([rest, block]);
    const end = data.lastIndexOf(LINE_FEED) + 1;
    if (end > 0) yield { data: data.subarray(0, end), offset: restAt, tooLong: 0, ended: true };
    rest = data.subarray(end);
    restAt += end;
    dropping = rest.length > MAX_LINE_BYTES;
    if (dropping) rest = EMPTY;
  }
  if (dropping) yield { data: EMPTY, offset: restAt, tooLong: to - restAt, ended: false };
  else if (rest.length > 0) yield { data: rest, offset: restAt, tooLong: 0, ended: false };
}

/** Non-blank lines of a span in order. */
export function* linesForward(fd: number, span: Span): Generator<Line> {
  let line = 1;
  for (const { data, offset, tooLong, ended } of chunksOf(fd, span)) {
    if (tooLong > 0) {
      yield { bytes: EMPTY, offset, line, next: ended ? offset + tooLong : null, tooLong: true };
      line += 1;
    }
    for (let from = 0; from < data.length; line += 1) {
      const found = data.indexOf(LINE_FEED, from);
      const to = found === -1 ? data.length : found;
      const bytes = lineBytes(data, from, to);
      if (!isBlank(bytes)) {
        const next = found === -1 ? null : offset + to + 1;
        yield { bytes, offset: offset + from, line, next, tooLong: bytes.length > MAX_LINE_BYTES };
      }
      from = to + 1;
    }
  }
}

/** Non-blank lines before `size`, the last one first. Reads no more than is asked for. */
export function* linesFromEnd(fd: number, size: number): Generator<Pick<Line, 'bytes' | 'offset' | 'tooLong'>> {
  let tail = EMPTY;
  let tooLong = false;
  for (let blockEnd = size; blockEnd > 0;) {
    const blockStart = Math.max(0, blockEnd - BLOCK_BYTES);
    const data = Buffer.concat([readBlock(fd, blockStart, blockEnd), tail]);
    let lineEnd = data.length;
    for (let at = lastLineFeed(data, lineEnd); at !== -1; at = lastLineFeed(data, lineEnd)) {
      const bytes = tooLong ? EMPTY : lineBytes(data, at + 1, lineEnd);
      if (tooLong || !isBlank(bytes)) {
        yield { bytes, offset: blockStart + at + 1, tooLong: tooLong || bytes.length > MAX_LINE_BYTES };
      }
      tooLong = false;
      lineEnd = at;
    }
    tooLong ||= lineEnd > MAX_LINE_BYTES;
    tail = tooLong ? EMPTY : data.subarray(0, lineEnd);
    blockEnd = blockStart;
  }
  const bytes = lineBytes(tail, 0, tail.length);
  if (tooLong || !isBlank(bytes)) yield { bytes, offset: 0, tooLong: tooLong || bytes.length > MAX_LINE_BYTES };
}

function lastLineFeed(data: Buffer, before: number): number {
  // A negative position would count from the end.
  return before === 0 ? -1 : data.lastIndexOf(LINE_FEED, before - 1);
}

/** Lines that end in a part of a file. */
export function countLines(data: Buffer): number {
  let count = 0;
  for (let at = data.indexOf(LINE_FEED); at !== -1; at = data.indexOf(LINE_FEED, at + 1)) count += 1;
  return count;
}

/** Bytes of a file from `start` to `end`, fewer where the file ends. */
export function readBlock(fd: number, start: number, end: number): Buffer {
  const block = Buffer.allocUnsafeSlow(end - start);
  let filled = 0;
  while (filled < block.length) {
    const bytesRead = readSync(fd, block, filled, block.length - filled, start + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return block.subarray(0, filled);
}

/** A carriage return before the line feed belongs to the line end. */
export function lineBytes(data: Buffer, from: number, to: number): Buffer {
  return data.subarray(from, to > from && data[to - 1] === CARRIAGE_RETURN ? to - 1 : to);
}

export function isBlank(bytes: Buffer): boolean {
  for (let at = 0; at < bytes.length; at += 1) if ((bytes[at] ?? 0) > 0x20) return false;
  return true;
}
