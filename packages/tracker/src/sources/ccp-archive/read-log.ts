import { closeSync, openSync } from 'node:fs';
import type { Problem } from '../../problem.ts';
import type { ArchiveTurns, Passed } from './archive-turn.ts';
import { LineReader } from './line-reader.ts';
import { logBlocks } from './log-blocks.ts';
import { PlainLines } from './plain-lines.ts';

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
  /** They hold until the next part is asked for. */
  readonly turns: ArchiveTurns;
  readonly readBytes: number;
}

export interface LogOptions {
  /** Of a longer line without one whole object in it nothing is used. Default 1 MiB. */
  readonly mostLineBytes?: number;
  /** What has read other logs before. Of one log at a time. */
  readonly plain?: PlainLines;
}

/** No record is this long, but a file without line ends may be one line of many records. */
const MOST_LINE_BYTES = 1024 * 1024;

/** Reads a usage log piece by piece; answers at the end what it came to. Nothing of it is in memory at once. */
export async function* readLog(file: string, options: LogOptions = {}): AsyncGenerator<ReadPart, FileReport> {
  const { plain = new PlainLines(), mostLineBytes = MOST_LINE_BYTES } = options;
  const reader = new LineReader(file, plain, mostLineBytes);
  let bytes = 0;
  try {
    const fd = openSync(file, 'r');
    const blocks = logBlocks({ fd, file }, plain.block);
    try {
      for (let next = await blocks.next(0); next.done !== true;) {
        const { bytes: data, readBytes, isLast } = next.value;
        bytes = readBytes;
        if (reader.isAtStart && isBinary(data.subarray(0, HEAD_BYTES))) {
          reader.problems.add('binary-text', `${file} is no text`, { remedy: 'Move it away, if it is no usage log' });
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
      closeSync(fd);
    }
  } catch (error) {
    reader.refused(error);
  }
  if (bytes === 0 && reader.problems.count === 0) reader.problems.add('empty-text', `${file} is empty`, {});
  return reader.report(bytes);
}

const HEAD_BYTES = 4096;

/** A log begins with text; zeros come at its end only. */
function isBinary(head: Buffer): boolean {
  return head.indexOf(0) !== -1 && !head.includes('{"') && head.some((byte) => byte !== 0);
}
