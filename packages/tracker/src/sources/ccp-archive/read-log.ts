import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { Problem } from '../../problem.ts';
import type { ArchiveTurn, Passed } from './archive-turn.ts';
import { cutsOf } from './line-pieces.ts';
import { LineReader } from './line-reader.ts';
import { isGzip, logBlocks, plainBlocks } from './log-blocks.ts';
import type { LogThreads } from './log-threads.ts';

/** What reading one file of an archive came to. */
export interface FileReport {
  readonly file: string;
  readonly kind: 'log' | 'database' | 'metrics';
  /** As they are on disk. */
  readonly bytes: number;
  /** Lines of a log, rows of a database. */
  readonly lines: number;
  readonly turns: number;
  /** Records that are no turns, by why. */
  readonly passed: Readonly<Partial<Record<Passed, number>>>;
  readonly problems: readonly Problem[];
}

/** Some turns of a file, and how many bytes of it are read. */
export interface ReadPart {
  /** Their details can be asked for until the next part is. */
  readonly turns: readonly ArchiveTurn[];
  readonly readBytes: number;
}

export interface LogOptions {
  /** Of a longer line without one whole object in it nothing is used. Default 1 MiB. */
  readonly mostLineBytes?: number;
  /** Who helps with large files. */
  readonly threads?: LogThreads | undefined;
}

/** No record is this long, but a file without line ends may be one line of many records. */
const MOST_LINE_BYTES = 1024 * 1024;

/** Reads a usage log piece by piece; answers at the end what it came to. Nothing of it is in memory at once. */
export async function* readLog(file: string, options: LogOptions = {}): AsyncGenerator<ReadPart, FileReport> {
  const reader = new LineReader(file, options.mostLineBytes ?? MOST_LINE_BYTES);
  let bytes = 0;
  try {
    const fd = openSync(file, 'r');
    try {
      for await (const part of partsOf({ fd, file }, reader, options)) {
        bytes = part.readBytes;
        yield part;
      }
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    reader.refused(error);
  }
  if (bytes === 0 && reader.problems.count === 0) reader.problems.add('empty-text', `${file} is empty`, {});
  return reader.report(bytes);
}

interface OpenLog {
  readonly fd: number;
  readonly file: string;
}

async function* partsOf(log: OpenLog, reader: LineReader, { threads }: LogOptions): AsyncGenerator<ReadPart> {
  const { fd, file } = log;
  const isDivided =
    threads !== undefined && fstatSync(fd).size >= LEAST_DIVIDED_BYTES && !isGzip(fd) && !isBinary(headOf(fd));
  const from = isDivided ? yield* dividedParts(fd, reader, threads) : 0;
  const blocks = from === 0 ? logBlocks(log) : plainBlocks(fd, from);
  try {
    for (let next = await blocks.next(0); next.done !== true;) {
      const { bytes: data, readBytes, isLast } = next.value;
      if (reader.isAtStart && isBinary(data.subarray(0, HEAD_BYTES))) {
        reader.problems.add('binary-text', `${file} is no text`, { remedy: 'Move it away, if it is no usage log' });
        yield { turns: [], readBytes };
        break;
      }
      let rest = data.subarray(reader.lines(data));
      if (rest.length > reader.mostLineBytes) rest = reader.longLine(rest);
      if (isLast) reader.lastLine(rest);
      yield { turns: reader.take(), readBytes };
      next = await blocks.next(rest.length);
    }
  } finally {
    await blocks.return();
  }
}

/** A smaller file is read before threads have shared it out. */
const LEAST_DIVIDED_BYTES = 4 * 1024 * 1024;

/** The greater part of a log, read by several threads; answers where the rest begins. */
async function* dividedParts(fd: number, reader: LineReader, threads: LogThreads): AsyncGenerator<ReadPart, number> {
  const cuts = cutsOf(fd);
  const pieces = cuts.slice(1).map((to, nth) => ({ fd, from: cuts[nth] ?? 0, to }));
  let nth = 0;
  for await (const packed of threads.read(pieces)) {
    const piece = pieces[nth];
    nth += 1;
    // The file was cut meanwhile: the rest of it, if any, is read as it is.
    if (piece === undefined || packed === null) return piece?.from ?? 0;
    reader.packed(packed, piece);
    yield { turns: reader.take(), readBytes: piece.to };
  }
  return cuts.at(-1) ?? 0;
}

const HEAD_BYTES = 4096;

function headOf(fd: number): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  return head.subarray(0, readSync(fd, head, 0, head.length, 0));
}

/** A log begins with text; zeros come at its end only. */
function isBinary(head: Buffer): boolean {
  return head.indexOf(0) !== -1 && !head.includes('{"') && head.some((byte) => byte !== 0);
}
