import { createHash } from 'node:crypto';
import { fstatSync } from 'node:fs';
import type { Outcome, Problem } from '../problem.ts';
import { readBlock } from './lines.ts';
import { isFields } from './older/shape.ts';
import { withFile } from './open-file.ts';
import { readPart } from './read-rows.ts';
import type { JournalFile, KeptRow } from './read-rows.ts';
import type { JournalRow } from './row-families.ts';
import { survey } from './tombstones.ts';
import type { Tombstones } from './tombstones.ts';

/** How far a file has been read, and which file it was. Plain JSON, so it can be kept between runs. */
export interface Cursor {
  /** Device and inode, as text: they can be larger than a number holds exactly. */
  readonly dev: string;
  readonly ino: string;
  /** Size of the file then, in bytes. */
  readonly size: number;
  /** Bytes at the start of the file that `headSha256` is of. */
  readonly headBytes: number;
  readonly headSha256: string;
  /** After the last line end that was read. */
  readonly offset: number;
  /** Lines before `offset`. */
  readonly lines: number;
}

/** What was added to a file since a cursor. */
export interface Followed<Row = JournalRow> {
  /** Whether the rows begin at the start of the file, so that sums must be begun anew, and why; null: they go on. */
  readonly restarted: 'first' | 'gone' | 'shrunk' | 'replaced' | 'taken-back' | null;
  /** May be read once or often, now or later; only bytes before `cursor` are read. */
  readonly rows: Iterable<Outcome<KeptRow<Row>>>;
  /** Where to go on once the rows have been used; null: there is no file. */
  readonly cursor: Cursor | null;
  /** Bytes of a last line without a line end: its writer is not done, or was stopped. They come once they are. */
  readonly pendingBytes: number;
}

const HEAD_BYTES = 4096;

/**
 * Reads what was added since `cursor`, and everything again where that can't be right: the file shrank or is another
 * one, or a row that was told already has been taken back since.
 */
export function follow<Row = JournalRow>(file: JournalFile, cursor: Cursor | null): Outcome<Followed<Row>> {
  const followed = withFile(file.path, (fd) => ({ ok: true, value: look<Row>(fd, file, cursor) }));
  if (followed !== null) return followed;
  return { ok: true, value: { restarted: cursor === null ? null : 'gone', rows: [], cursor: null, pendingBytes: 0 } };
}

function look<Row>(fd: number, file: JournalFile, cursor: Cursor | null): Followed<Row> {
  let restarted: Followed['restarted'] = cursor === null ? 'first' : whyAnew(fd, cursor);
  const size = sizeOf(fd);
  let start = restarted === null && cursor !== null ? cursor : BEGINNING;
  let added = surveyed(fd, start.offset, size);
  if (restarted === null && added.tombstones.size > 0) {
    restarted = 'taken-back';
    start = BEGINNING;
    added = surveyed(fd, 0, size);
  }
  const next = cursorAt(fd, added.end, start.lines + added.lines);
  const part = {
    span: { from: start.offset, to: added.end },
    firstLine: start.lines + 1,
    tombstones: added.tombstones,
  };
  const rows: Iterable<Outcome<KeptRow<Row>>> = {
    [Symbol.iterator]: () =>
      readPart<Row>(file, null, (again) =>
        whyAnew(again, next) === null
          ? { ok: true, value: part }
          : { ok: false, problem: replacedMeanwhile(file.path) },
      ),
  };
  return { restarted, rows, cursor: next, pendingBytes: size - added.end };
}

const BEGINNING = { offset: 0, lines: 0 };

/** Why a cursor does not fit the open file any more; null: it does. */
export function whyAnew(fd: number, cursor: Cursor): 'shrunk' | 'replaced' | null {
  const { dev, ino } = fstatSync(fd, { bigint: true });
  if (String(dev) !== cursor.dev || String(ino) !== cursor.ino) return 'replaced';
  if (sizeOf(fd) < cursor.offset) return 'shrunk';
  if (headOf(fd, cursor.headBytes) !== cursor.headSha256) return 'replaced';
  const before = readBlock(fd, Math.max(0, cursor.offset - 1), cursor.offset);
  return cursor.offset === 0 || before[0] === 0x0a ? null : 'replaced';
}

/** The cursor of an open file that has been read up to `offset`. */
export function cursorAt(fd: number, offset: number, lines: number): Cursor {
  const { dev, ino } = fstatSync(fd, { bigint: true });
  const headBytes = Math.min(offset, HEAD_BYTES);
  return {
    dev: String(dev),
    ino: String(ino),
    size: sizeOf(fd),
    headBytes,
    headSha256: headOf(fd, headBytes),
    offset,
    lines,
  };
}

/** A cursor that was kept as JSON; null: it is none, so the file has to be read from its start. */
export function parseCursor(value: unknown): Cursor | null {
  if (!isFields(value)) return null;
  const { dev, ino, size, headBytes, headSha256, offset, lines } = value;
  const texts = [dev, ino, headSha256].every((text) => typeof text === 'string');
  const counts = [size, headBytes, offset, lines].every((count) => Number.isSafeInteger(count) && Number(count) >= 0);
  return texts && counts ? (value as unknown as Cursor) : null;
}

function surveyed(fd: number, from: number, to: number): { end: number; lines: number; tombstones: Tombstones } {
  const { end, lines, tombstones } = survey(fd, { from, to });
  // One that is not finished yet takes nothing back yet.
  return { end, lines, tombstones: new Map([...tombstones].filter(([, offset]) => offset < end)) };
}

function sizeOf(fd: number): number {
  return fstatSync(fd).size;
}

function headOf(fd: number, bytes: number): string {
  return createHash('sha256')
    .update(readBlock(fd, 0, bytes))
    .digest('hex');
}

function replacedMeanwhile(path: string): Problem {
  return { code: 'journal-unreadable', file: path, message: `${path} was replaced while it was being read` };
}
