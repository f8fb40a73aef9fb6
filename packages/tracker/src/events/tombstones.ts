import { hash } from 'node:crypto';
import { chunksOf, countLines } from './lines.ts';
import type { Span } from './lines.ts';
import { readLine } from './read-line.ts';
import type { Layout } from './journal-files.ts';

/** SHA-256 of a row taken back → where its last tombstone stands. It takes back every such row before it. */
export type Tombstones = ReadonlyMap<string, number>;

/** What a first look at new bytes finds, at the speed of a search. */
export interface Survey {
  /** After the last line end. */
  readonly end: number;
  /** Lines that end in the span. */
  readonly lines: number;
  readonly tombstones: Tombstones;
}

// A quote inside a JSON text is written \", so these bytes are a whole text and never a part of one.
const TOKEN = '"tombstone"';
const NO_ROWS: Layout = { families: new Map(), older: [] };

/** Looks for tombstones before rows are read: a row is taken back by what comes after it. */
export function survey(fd: number, span: Span): Survey {
  let { from: end } = span;
  let lines = 0;
  const tombstones = new Map<string, number>();
  for (const { data, offset, tooLong, ended } of chunksOf(fd, span)) {
    if (ended) end = offset + tooLong + data.length;
    if (ended && tooLong > 0) lines += 1;
    lines += countLines(data);
    findTombstones(data, offset, tombstones);
  }
  return { end, lines, tombstones };
}

function findTombstones(data: Buffer, offset: number, found: Map<string, number>): void {
  for (let at = data.indexOf(TOKEN); at !== -1;) {
    const from = data.lastIndexOf('\n', at) + 1;
    const next = data.indexOf('\n', at);
    const to = next === -1 ? data.length : next;
    const read = readLine(data.subarray(from, to), NO_ROWS);
    if (read.ok && read.value.row.kind === 'tombstone') found.set(read.value.row.target_sha256, offset + from);
    at = data.indexOf(TOKEN, to);
  }
}

/** Whether a later row takes back the row at `offset`. */
export function isTakenBack(bytes: Buffer, offset: number, tombstones: Tombstones): boolean {
  return tombstones.size > 0 && (tombstones.get(lineSha256(bytes)) ?? -1) > offset;
}

/** How a tombstone names a row: SHA-256 of its line without the line end, in hex. */
export function lineSha256(bytes: Buffer): string {
  return hash('sha256', bytes, 'hex');
}
