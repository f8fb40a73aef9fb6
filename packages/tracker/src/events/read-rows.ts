import { closeSync, fstatSync, openSync } from 'node:fs';
import type { Outcome, Problem } from '../problem.ts';
import type { Layout } from './journal-files.ts';
import { isOfOtherKind } from './kind-of-line.ts';
import { chunksOf, countLines, linesForward, linesFromEnd, MAX_LINE_BYTES } from './lines.ts';
import type { Line, Span } from './lines.ts';
import { unreadable, withFile } from './open-file.ts';
import { located, readLine } from './read-line.ts';
import type { Recognised } from './read-line.ts';
import type { JournalRow } from './row-families.ts';
import { isTakenBack, survey } from './tombstones.ts';
import type { Tombstones } from './tombstones.ts';

/** A journal and what it may hold. */
export interface JournalFile {
  readonly path: string;
  readonly layout: Layout;
}

/** A row that counts, and where it stands. */
export interface KeptRow<Row = JournalRow> extends Recognised<Row> {
  /** Counted from 1. */
  readonly line: number;
  /** Bytes of its line, without the line end. */
  readonly span: Span;
}

/** The row that was looked for, and what could not be used on the way to it. */
export interface Newest<Row> {
  readonly row: Row | null;
  /** At most the five nearest to the end. Rows of other families are no problem here. */
  readonly passedOver: readonly Problem[];
}

/** Which part of a file to read, and what is known about it. */
export interface Part {
  readonly span: Span;
  /** Number of its first line. */
  readonly firstLine: number;
  readonly tombstones: Tombstones;
}

/** Kinds that are asked for; null: all. */
export type Wanted = ReadonlySet<string> | null;

/**
 * Every row of a file, oldest first, in one pass over all families; what can't be used comes as a problem with file and
 * line. Rows taken back, and the rows that take back, are left out. A file that is not there has no rows. The last line
 * counts without its line end, if it is whole. Rows added while it runs are not seen.
 */
export function readRows<Row = JournalRow>(file: JournalFile, wanted: Wanted = null): Generator<Outcome<KeptRow<Row>>> {
  return readPart<Row>(file, wanted, (fd) => {
    const span = { from: 0, to: fstatSync(fd).size };
    return { ok: true, value: { span, firstLine: 1, tombstones: survey(fd, span).tombstones } };
  });
}

/** Rows of the part of a file that `choose` names once it is open. */
export function* readPart<Row = JournalRow>(
  { path, layout }: JournalFile,
  wanted: Wanted,
  choose: (fd: number) => Outcome<Part>,
): Generator<Outcome<KeptRow<Row>>> {
  let fd: number | undefined;
  try {
    fd = openSync(path, 'r');
    const chosen = choose(fd);
    if (!chosen.ok) return void (yield chosen);
    const { span, firstLine, tombstones } = chosen.value;
    for (const line of linesForward(fd, span)) {
      if (wanted !== null && isOfOtherKind(line.bytes, wanted)) continue;
      if (isTakenBack(line.bytes, line.offset, tombstones)) continue;
      const found = rowOf<Row>(line, layout);
      const number = firstLine + line.line - 1;
      if (!found.ok) yield { ok: false, problem: located(found.problem, path, number) };
      else if (isAskedFor(found.value.row, wanted))
        yield { ok: true, value: placed(found.value, line, { path, number }) };
    }
  } catch (error) {
    const problem = unreadable(path, error);
    if (problem !== null) yield { ok: false, problem };
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

/** The last row that satisfies `accept` and was not taken back. */
export function newestRow<Row>(
  { path, layout }: JournalFile,
  wanted: Wanted,
  accept: (row: Row) => boolean,
): Outcome<Newest<Row>> {
  const passedOver: Problem[] = [];
  const tombstones = new Map<string, number>();
  const found = withFile<Newest<Row>>(path, (fd) => {
    for (const line of linesFromEnd(fd, fstatSync(fd).size)) {
      if (wanted !== null && isOfOtherKind(line.bytes, wanted)) continue;
      if (isTakenBack(line.bytes, line.offset, tombstones)) continue;
      const read = rowOf<Row>(line, layout);
      if (read.ok) {
        const { row } = read.value;
        if (isTombstone(row)) tombstones.set(row.target_sha256, line.offset);
        else if (isAskedFor(row, wanted) && accept(row)) return { ok: true, value: { row, passedOver } };
      } else if (read.problem.code !== 'foreign-row' && passedOver.length < 5) {
        passedOver.push(located(read.problem, path, lineAt(fd, line.offset)));
      }
    }
    return { ok: true, value: { row: null, passedOver } };
  });
  return found ?? { ok: true, value: { row: null, passedOver } };
}

/** Number of the line that starts at `offset`, counted from 1. Reads everything before it. */
export function lineAt(fd: number, offset: number): number {
  let line = 1;
  for (const { data, tooLong } of chunksOf(fd, { from: 0, to: offset })) line += tooLong > 0 ? 1 : countLines(data);
  return line;
}

/** The row a line holds; a line that is too long is a problem. */
export function rowOf<Row>(
  { bytes, tooLong }: Pick<Line, 'bytes' | 'tooLong'>,
  layout: Layout,
): Outcome<Recognised<Row>> {
  if (!tooLong) return readLine<Row>(bytes, layout);
  const message = `a line of more than ${MAX_LINE_BYTES / 1024 / 1024} MiB, which was not read`;
  return { ok: false, problem: { code: 'line-too-long', message } };
}

function placed<Row>(
  { row, older, notes }: Recognised<Row>,
  { offset, bytes }: Line,
  { path, number }: { readonly path: string; readonly number: number },
): KeptRow<Row> {
  return {
    row,
    older,
    notes: notes.length === 0 ? notes : notes.map((note) => located(note, path, number)),
    line: number,
    span: { from: offset, to: offset + bytes.length },
  };
}

function isAskedFor(row: unknown, wanted: Wanted): boolean {
  const { kind } = row as JournalRow;
  return kind !== 'tombstone' && (wanted === null || wanted.has(kind));
}

function isTombstone(row: unknown): row is JournalRow & { kind: 'tombstone' } {
  return (row as JournalRow).kind === 'tombstone';
}
