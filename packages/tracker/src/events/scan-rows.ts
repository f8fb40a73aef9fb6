import type { Problem } from '../problem.ts';
import { learnerFor } from './learner.ts';
import { isBlank, lineBytes, MAX_LINE_BYTES } from './lines.ts';
import type { Line, Span } from './lines.ts';
import type { Seeds } from '../learned-lines/text-hasher.ts';
import type { PackedTurns } from '../rollups/summary/packed-turns.ts';
import { passingChunks } from './passing-chunks.ts';
import { located } from './read-line.ts';
import type { Recognised } from './read-line.ts';
import { rowOf } from './read-rows.ts';
import type { JournalFile } from './read-rows.ts';
import type { JournalRow } from './row-families.ts';
import { isTakenBack } from './tombstones.ts';
import type { Tombstones } from './tombstones.ts';

/** Who takes the rows of a scan, in their order. */
export interface RowSink {
  /** How the ids of packed turns are hashed. */
  readonly seeds: Seeds;
  /** About so many turns will come, if all of the part is as it begins. */
  expect(turns: number): void;
  /** Turns of ours, which needed no contract to be known as such. Take what you need of them: the next ones lie there. */
  turns(turns: PackedTurns): void;
  row(row: JournalRow, offset: number): void;
  problem(problem: Problem): void;
}

export interface Scan {
  readonly span: Span;
  /** Number of its first line. */
  readonly firstLine: number;
  /** What rows are taken back; null: not looked for, so the scan ends at the first row that takes one back. */
  readonly tombstones: Tombstones | null;
}

export interface Scanned {
  /** After the last line end. */
  readonly end: number;
  /** Lines before `end`, in the span. */
  readonly lines: number;
  /** Whether a row was met that takes another one back, and the scan was given up. */
  readonly metTombstone: boolean;
}

const LINE_FEED = 0x0a;

/**
 * Every row of a part of an open journal, in one pass. A last line without its end is not there yet. The same rows as
 * `readRows` gives, many times as fast where most of them are turns of ours and `readyToRead` was called.
 */
export function scanRows(fd: number, file: JournalFile, { span, firstLine, tombstones }: Scan, sink: RowSink): Scanned {
  let end = span.from;
  let lines = 0;
  const readsTurns = file.layout.families.has('turn') && (tombstones === null || tombstones.size === 0);
  const own = readsTurns ? learnerFor(span.to - span.from, sink.seeds) : null;
  const block = own?.scanner.block;
  let isExpected = false;
  for (const { data, offset, tooLong, ended } of passingChunks(fd, span, block)) {
    if (!ended) break;
    if (tooLong > 0) {
      takeLine({ bytes: data, offset, line: firstLine + lines, tooLong: true });
      lines += 1;
    }
    // A line longer than the block came in another one.
    const turns = data.buffer === block?.buffer ? own : null;
    for (let at = 0; at < data.length; lines += 1) {
      const read = turns?.scanner.scan(at, data.length) ?? 0;
      if (turns !== null && read > 0) {
        if (!isExpected) sink.expect(Math.ceil((read * (span.to - offset - at)) / (turns.scanner.stop - at)));
        isExpected = true;
        sink.turns(turns.packed(read, offset));
        // The loop counts one of them.
        lines += read - 1;
        at = turns.scanner.stop;
        continue;
      }
      const lineEnd = data.indexOf(LINE_FEED, at);
      const bytes = lineBytes(data, at, lineEnd);
      const line = { bytes, offset: offset + at, line: firstLine + lines, tooLong: bytes.length > MAX_LINE_BYTES };
      const found = takeLine(line);
      if (found?.row.kind === 'tombstone' && tombstones === null) return { end, lines, metTombstone: true };
      if (found !== null) turns?.learn(found, at, lineEnd + 1);
      at = lineEnd + 1;
    }
    end = offset + tooLong + data.length;
  }
  return { end, lines, metTombstone: false };

  /** Null: no row that counts. A row that takes back another one is given, and not told. */
  function takeLine(line: Omit<Line, 'next'>): Recognised | null {
    if (!line.tooLong && isBlank(line.bytes)) return null;
    if (tombstones !== null && isTakenBack(line.bytes, line.offset, tombstones)) return null;
    const found = rowOf<JournalRow>(line, file.layout);
    if (!found.ok) {
      sink.problem(located(found.problem, file.path, line.line));
      return null;
    }
    if (found.value.row.kind !== 'tombstone') sink.row(found.value.row, line.offset);
    return found.value;
  }
}
