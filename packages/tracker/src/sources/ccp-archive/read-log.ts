import { basename } from 'node:path';
import { systemErrorCode } from '../../problem.ts';
import type { Problem } from '../../problem.ts';
import type { ArchiveTurn, Passed } from './archive-turn.ts';
import { unreadable } from './find-archive.ts';
import { fragmentsOf, parsed } from './json-fragments.ts';
import { logBlocks } from './log-blocks.ts';
import { problemList } from './problem-list.ts';
import type { ProblemList } from './problem-list.ts';
import { judgeRecord } from './usage-record.ts';

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
  readonly turns: readonly ArchiveTurn[];
  readonly readBytes: number;
}

export interface LogOptions {
  /** Of a longer line without one whole object in it nothing is used. Default 1 MiB. */
  readonly mostLineBytes?: number;
}

/** No record is this long, but a file without line ends may be one line of many records. */
const MOST_LINE_BYTES = 1024 * 1024;
const LINE_FEED = 0x0a;

/** Reads a usage log piece by piece; answers at the end what it came to. Nothing of it is in memory at once. */
export async function* readLog(file: string, options: LogOptions = {}): AsyncGenerator<ReadPart, FileReport> {
  const reader = new LineReader(file);
  const most = options.mostLineBytes ?? MOST_LINE_BYTES;
  let bytes = 0;
  let rest: Buffer = Buffer.alloc(0);
  try {
    for await (const block of logBlocks(file)) {
      if (bytes === 0 && isBinary(block.bytes)) {
        reader.problems.add('binary-text', `${file} is no text`, { remedy: 'Move it away, if it is no usage log' });
        bytes = block.readBytes;
        break;
      }
      bytes = block.readBytes;
      const data = rest.length === 0 ? block.bytes : Buffer.concat([rest, block.bytes]);
      const from = reader.lines(data);
      rest = data.subarray(from);
      if (rest.length > most) rest = reader.longLine(rest);
      yield { turns: reader.take(), readBytes: bytes };
    }
    reader.lastLine(rest);
  } catch (error) {
    reader.lastLine(rest);
    reader.refused(error);
  }
  const turns = reader.take();
  if (turns.length > 0) yield { turns, readBytes: bytes };
  if (bytes === 0 && reader.problems.count === 0) reader.problems.add('empty-text', `${file} is empty`, {});
  return reader.report(bytes);
}

class LineReader {
  readonly problems: ProblemList;
  readonly #file: string;
  readonly #passed: Partial<Record<Passed, number>> = {};
  #turns: ArchiveTurn[] = [];
  #turnCount = 0;
  /** Lines begun. */
  #lines = 0;
  /** In a line of which a piece has been used or passed over. */
  #inLine: 'no' | 'using' | 'skipping' = 'no';

  constructor(file: string) {
    this.#file = file;
    this.problems = problemList(file);
  }

  /** Reads every whole line and answers where the last one ends. */
  lines(data: Buffer): number {
    let from = 0;
    for (let at = data.indexOf(LINE_FEED); at !== -1; at = data.indexOf(LINE_FEED, from)) {
      if (this.#inLine === 'no') this.#lines += 1;
      if (this.#inLine !== 'skipping' && at > from) this.#line(data.subarray(from, at), true);
      this.#inLine = 'no';
      from = at + 1;
    }
    return from;
  }

  /** Uses what is whole of a line that is longer than any record, and answers what has to wait for more of it. */
  longLine(piece: Buffer): Buffer {
    if (this.#inLine === 'no') this.#lines += 1;
    if (this.#inLine === 'skipping') return piece.subarray(piece.length);
    const { values, badAt, end } = fragmentsOf(piece);
    if (values.length === 0) {
      this.#inLine = 'skipping';
      this.#bad('line-too-long', `${piece.length} bytes without a whole record; the line is passed over`);
      return piece.subarray(piece.length);
    }
    this.#inLine = 'using';
    for (const column of badAt)
      if (column <= end) this.#bad('line-not-json', `no JSON at column ${column} of a piece of it`);
    for (const value of values) this.#judge(value);
    return piece.subarray(end);
  }

  /** What stands behind the last line end: whole if it is whole JSON, else torn. */
  lastLine(rest: Buffer): void {
    if (this.#inLine === 'skipping' || rest.length === 0) return;
    if (this.#inLine === 'no') this.#lines += 1;
    this.#line(rest, false);
  }

  refused(error: unknown): void {
    const code = systemErrorCode(error);
    if (code === undefined) throw error;
    if (!code.startsWith('Z_')) return this.problems.push(unreadable(this.#file, code));
    const message = `${this.#file} is damaged or was cut short (gzip: ${code}); what comes before is used`;
    this.problems.push({ code: 'gzip-damaged', file: this.#file, message, remedy: 'Look for a whole copy of it' });
  }

  take(): readonly ArchiveTurn[] {
    const turns = this.#turns;
    this.#turns = [];
    this.#turnCount += turns.length;
    return turns;
  }

  report(bytes: number): FileReport {
    const problems = this.problems.list();
    const [file, lines, turns, passed] = [this.#file, this.#lines, this.#turnCount, this.#passed];
    return { file, kind: 'log', bytes, lines, turns, passed, problems };
  }

  #line(bytes: Buffer, whole: boolean): void {
    const value = parsed(bytes.toString('utf8'));
    if (value !== undefined) return this.#judge(value);
    const { values, badAt } = fragmentsOf(bytes);
    for (const one of values) this.#judge(one);
    for (const column of badAt) {
      const why = whole ? 'no JSON' : 'the last line was cut short';
      this.#bad('line-not-json', `${why} at column ${column}`);
    }
  }

  #judge(value: unknown): void {
    const judged = judgeRecord(value);
    if (judged.kind === 'turn') this.#turns.push(judged.turn);
    else if (judged.kind === 'bad') this.#bad('line-not-usable', judged.why);
    else this.#passed[judged.why] = (this.#passed[judged.why] ?? 0) + 1;
  }

  #bad(code: Problem['code'], why: string): void {
    this.problems.add(code, `${basename(this.#file)}:${this.#lines}: ${why}`, { line: this.#lines });
  }
}

/** A log begins with text; zeros come at its end only. */
function isBinary(bytes: Buffer): boolean {
  const head = bytes.subarray(0, 4096);
  return head.indexOf(0) !== -1 && !head.includes('{"') && head.some((byte) => byte !== 0);
}
