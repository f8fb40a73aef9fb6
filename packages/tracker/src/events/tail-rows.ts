import { fstatSync } from 'node:fs';
import type { Outcome } from '../problem.ts';
import { cursorAt, whyAnew } from './cursor.ts';
import type { Cursor } from './cursor.ts';
import { withFile } from './open-file.ts';
import type { JournalFile } from './read-rows.ts';
import { scanRows } from './scan-rows.ts';
import type { RowSink } from './scan-rows.ts';
import { survey } from './tombstones.ts';

/** How far a journal was read, and how the file looked then. Plain JSON. */
export interface Position {
  readonly cursor: Cursor;
  /** Device, inode, size and time of the last change: where they are the same there is nothing to read. */
  readonly look: string;
}

export interface Tailed {
  /** Null: there is no file. */
  readonly position: Position | null;
  /** `anew`: the rows were told from the first one on, and what was told before does not hold any more. */
  readonly told: 'nothing' | 'added' | 'anew';
}

/**
 * Tells what was added to a journal since `position`; everything again where that can't be right (the file shrank, is
 * another one, or a row was taken back). `begin` gives the sink; it is asked again when a scan has to be begun anew, and
 * what the sink before was told is then void.
 */
export function tailRows(
  file: JournalFile,
  position: Position | null,
  begin: (from: 'start' | 'position') => RowSink,
): Outcome<Tailed> {
  const tailed = withFile<Tailed>(file.path, (fd) => ({ ok: true, value: tailOpen(fd, file, { position, begin }) }));
  if (tailed !== null) return tailed;
  if (position !== null) begin('start');
  return { ok: true, value: { position: null, told: position === null ? 'nothing' : 'anew' } };
}

interface Task {
  readonly position: Position | null;
  readonly begin: (from: 'start' | 'position') => RowSink;
}

function tailOpen(fd: number, file: JournalFile, { position, begin }: Task): Tailed {
  const look = lookOf(fd);
  if (position?.look === look) return { position, told: 'nothing' };
  const { size } = fstatSync(fd);
  const goesOn = position !== null && whyAnew(fd, position.cursor) === null;
  const from = goesOn ? position.cursor : { offset: 0, lines: 0 };
  const part = { span: { from: from.offset, to: size }, firstLine: from.lines + 1, tombstones: null };
  let scanned = scanRows(fd, file, part, begin(goesOn ? 'position' : 'start'));
  let { lines } = from;
  let told: Tailed['told'] = goesOn ? 'added' : 'anew';
  if (scanned.metTombstone) {
    const span = { from: 0, to: size };
    scanned = scanRows(fd, file, { span, firstLine: 1, tombstones: survey(fd, span).tombstones }, begin('start'));
    lines = 0;
    told = 'anew';
  }
  // An unfinished row was added to a file that is otherwise the same.
  if (told === 'added' && scanned.end === from.offset) told = 'nothing';
  return { position: { cursor: cursorAt(fd, scanned.end, lines + scanned.lines), look }, told };
}

function lookOf(fd: number): string {
  const { dev, ino, size, mtimeNs } = fstatSync(fd, { bigint: true });
  return [dev, ino, size, mtimeNs].join(':');
}
