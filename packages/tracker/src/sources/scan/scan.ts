import { createHash } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { basename } from 'node:path';
import type { Problem } from '../../problem.ts';
import { parseCursor } from './cursor.ts';
import type { Cursor } from './cursor.ts';
import { openFileTree, unreadableFile } from './find-files.ts';
import { readLines } from './read-lines.ts';
import type { Position, SeenLine } from './read-lines.ts';

export interface ScanOptions {
  /** Folders whose files are read, asked for at every tick; those that are not there hold nothing. */
  readonly roots: () => readonly string[];
  readonly accepts: (name: string) => boolean;
  /** Only lines with one of these in them are told. */
  readonly markers: readonly string[];
  /** A longer line is passed over and named. Default 64 MiB. */
  readonly mostLineBytes?: number;
  /** Read at once; default 1 MiB. */
  readonly chunkBytes?: number;
  /** What `state` gave, also by way of JSON; what is none is begun anew. */
  readonly state?: unknown;
}

/** The file a line stands in. */
export interface SeenFile {
  /** The same wherever the file is moved. */
  readonly id: string;
  readonly path: string;
}

export interface Visitor {
  /** Answers why the line cannot be used; null: it can, or nothing was to be used. */
  line(file: SeenFile, line: SeenLine): string | null;
  /** The file is read from its start: what its earlier lines led to does not hold for the ones to come. */
  begins(file: SeenFile): void;
  /** The file is no longer there. */
  gone(id: string): void;
}

export interface TickOptions {
  /** About how many bytes are read before it stops; the next tick goes on. */
  readonly mostBytes?: number;
  readonly onProgress?: (done: { readonly files: number; readonly of: number; readonly bytes: number }) => void;
}

/** What one look at the files came to. */
export interface Ticked {
  /** Files that are there. */
  readonly files: number;
  /** New bytes looked at, and lines that ended in them. */
  readonly bytes: number;
  readonly lines: number;
  /** It stopped at `mostBytes`. */
  readonly more: boolean;
  readonly problems: readonly Problem[];
}

export interface Scan {
  tick(visitor: Visitor, options?: TickOptions): Ticked;
  /** Plain JSON: how far each file has been read. */
  state(): ScanState;
}

export interface ScanState {
  readonly cursors: readonly Cursor[];
}

const CHUNK_BYTES = 1024 * 1024;
const MOST_LINE_BYTES = 64 * 1024 * 1024;
const TAIL_BYTES = 256;
/** Problems named per file and tick; then they are counted. */
const MOST_NAMED = 5;

/**
 * Follows the files of some folders: a tick costs the new bytes, and one stat for each file. A file that shrank or whose
 * last bytes read are not the same any more is read from its start.
 */
export function openScan(options: ScanOptions): Scan {
  const { roots, accepts, markers, mostLineBytes = MOST_LINE_BYTES, chunkBytes = CHUNK_BYTES, state } = options;
  const tree = openFileTree(accepts);
  const needles = markers.map((marker) => Buffer.from(marker));
  /** By the id of the file, with the number of the tick in which it was there last. */
  const followed = new Map(cursorsIn(state).map((cursor) => [cursor.id, { cursor, seenAt: 0 }]));
  let tickNumber = 0;
  let chunk: Buffer | null = null;
  /** Folders and files that could not be read at the last tick: told once, not at every tick. */
  let standing = new Set<string>();

  return {
    tick(visitor, { mostBytes = Infinity, onProgress } = {}) {
      const found = tree.look(roots());
      const unreadable = [...found.problems];
      const problems: Problem[] = [];
      tickNumber += 1;
      let [bytes, lines, there] = [0, 0, 0];
      let more = false;
      for (const [index, file] of found.files.entries()) {
        const known = followed.get(file.id);
        const before = known?.cursor;
        if (known !== undefined) {
          known.seenAt = tickNumber;
          there += 1;
        }
        if (before?.scanned === file.size && before.mtimeMs === file.mtimeMs) continue;
        if (bytes >= mostBytes) {
          more = true;
          continue;
        }
        chunk ??= Buffer.allocUnsafeSlow(chunkBytes);
        const named = namesOf(file.path);
        const read = readFile(file, before, visitor, {
          markers: needles,
          chunk,
          mostLineBytes,
          mostBytes: mostBytes - bytes,
          named,
        });
        if (!read.ok) unreadable.push(read.problem);
        if (read.cursor !== null) {
          if (known === undefined) there += 1;
          followed.set(file.id, { cursor: read.cursor, seenAt: tickNumber });
        }
        problems.push(...named.problems());
        bytes += read.bytes;
        lines += read.lines;
        more ||= bytes >= mostBytes && read.cursor !== null && read.cursor.scanned < file.size;
        onProgress?.({ files: index + 1, of: found.files.length, bytes });
      }
      if (there < followed.size) {
        for (const [id, { seenAt }] of followed) {
          if (seenAt === tickNumber) continue;
          followed.delete(id);
          visitor.gone(id);
        }
      }
      const keys = new Set(unreadable.map(({ message }) => message));
      problems.unshift(...unreadable.filter(({ message }) => !standing.has(message)));
      standing = keys;
      return { files: found.files.length, bytes, lines, more, problems };
    },
    state: () => ({ cursors: Array.from(followed.values(), ({ cursor }) => cursor) }),
  };
}

interface ReadOptions {
  readonly markers: readonly Buffer[];
  readonly chunk: Buffer;
  readonly mostLineBytes: number;
  readonly mostBytes: number;
  readonly named: Names;
}

type FileRead = { readonly cursor: Cursor | null; readonly bytes: number; readonly lines: number } & (
  { readonly ok: true } | { readonly ok: false; readonly problem: Problem }
);

const BEGINNING: Position = { offset: 0, scanned: 0, lines: 0, marked: false };

function readFile(file: SeenFile, before: Cursor | undefined, visitor: Visitor, options: ReadOptions): FileRead {
  let fd: number | null = null;
  try {
    // Without waiting: a pipe that took the file's name would block for ever.
    fd = openSync(file.path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stat = fstatSync(fd);
    const id = `${stat.dev}:${stat.ino}`;
    // Replaced since it was listed: the next tick reads it under its own name.
    if (id !== file.id || !stat.isFile()) return { ok: true, cursor: before ?? null, bytes: 0, lines: 0 };
    const goesOn = before !== undefined && stat.size >= before.scanned && tailOf(fd, before.scanned) === before.tail;
    const from = goesOn ? before : BEGINNING;
    if (!goesOn) visitor.begins(file);
    const { named, mostBytes, ...rest } = options;
    const read = readLines(
      fd,
      from,
      {
        ...rest,
        onLine: (line) => {
          const why = visitor.line(file, line);
          if (why !== null && line.isEnded) named.bad('line-not-usable', line.line, why);
        },
        onTooLong: (line) => named.bad('line-too-long', line, 'it is longer than a line may be'),
      },
      mostBytes,
    );
    const cursor = { ...read.at, id, tail: tailOf(fd, read.at.scanned), mtimeMs: stat.mtimeMs };
    return { ok: true, cursor, bytes: read.bytes, lines: read.at.lines - from.lines };
  } catch (error) {
    return { ok: false, problem: unreadableFile(file.path, error), cursor: before ?? null, bytes: 0, lines: 0 };
  } finally {
    if (fd !== null) closeSync(fd);
  }
}

const tail = Buffer.allocUnsafeSlow(TAIL_BYTES);

function tailOf(fd: number, end: number): string {
  const start = Math.max(0, end - TAIL_BYTES);
  const size = readSync(fd, tail, 0, end - start, start);
  return createHash('sha256').update(tail.subarray(0, size)).digest('base64').slice(0, 22);
}

interface Names {
  bad(code: Problem['code'], line: number, why: string): void;
  problems(): readonly Problem[];
}

function namesOf(file: string): Names {
  const named: Problem[] = [];
  let unnamed = 0;
  return {
    bad(code, line, why) {
      if (named.length >= MOST_NAMED) unnamed += 1;
      else named.push({ code, file, line, message: `${basename(file)}:${line}: ${why}; the line is not counted` });
    },
    problems() {
      if (unnamed === 0) return named;
      const message = `${basename(file)}: ${unnamed} more lines like these`;
      return [...named, { code: 'line-not-usable', file, message }];
    },
  };
}

function cursorsIn(state: unknown): readonly Cursor[] {
  if (typeof state !== 'object' || state === null || !('cursors' in state) || !Array.isArray(state.cursors)) return [];
  return (state.cursors as readonly unknown[]).flatMap((value) => parseCursor(value) ?? []);
}
