import { basename } from 'node:path';
import { systemErrorCode } from '../../problem.ts';
import type { Problem } from '../../problem.ts';
import { PASSED } from './archive-turn.ts';
import type { ArchiveTurns } from './archive-turn.ts';
import { unreadable } from './find-archive.ts';
import { fragmentsOf, parsed } from './json-fragments.ts';
import type { PlainTurn } from './log-rows.ts';
import type { LineSink, PlainLines } from './plain-lines.ts';
import { problemList } from './problem-list.ts';
import type { ProblemList } from './problem-list.ts';
import type { FileReport } from './read-log.ts';
import { TurnList } from './turn-list.ts';
import { judgeRecord } from './usage-record.ts';

const LINE_FEED = 0x0a;

/** Makes turns of the lines of one log, and keeps account of what is none. */
export class LineReader implements LineSink {
  readonly problems: ProblemList;
  readonly mostLineBytes: number;
  readonly #file: string;
  readonly #plain: PlainLines;
  /** By index in PASSED, and in which order they were met. */
  readonly #passed = new Float64Array(PASSED.length);
  readonly #met: number[] = [];
  readonly #turns = new TurnList();
  #turnCount = 0;
  /** Lines begun. */
  #lines = 0;
  /** In a line of which a piece has been used or passed over. */
  #inLine: 'no' | 'using' | 'skipping' = 'no';
  /** Whole lines that are being read. */
  #bytes: Buffer = Buffer.alloc(0);

  /** @param mostLineBytes of a longer line without one whole object in it nothing is used */
  constructor(file: string, plain: PlainLines, mostLineBytes: number) {
    this.#file = file;
    this.#plain = plain;
    plain.begin();
    this.mostLineBytes = mostLineBytes;
    this.problems = problemList(file);
  }

  /** Whether no line was begun yet. */
  get isAtStart(): boolean {
    return this.#lines === 0;
  }

  /** Begins a part: reads every whole line of it and answers where the last one ends. */
  lines(data: Buffer): number {
    const end = data.lastIndexOf(LINE_FEED) + 1;
    this.#bytes = data;
    this.#turns.begin(data);
    let from = 0;
    if (this.#inLine !== 'no' && end > 0) {
      const lineEnd = data.indexOf(LINE_FEED);
      if (this.#inLine === 'using' && lineEnd > 0) this.#line(data.subarray(0, lineEnd), true);
      this.#inLine = 'no';
      from = lineEnd + 1;
    }
    this.#plain.read(data, from, end, this);
    return end;
  }

  plainTurn(turn: PlainTurn): void {
    this.#lines += 1;
    this.#turns.addPlain(turn);
  }

  plainPassed(why: number): void {
    this.#lines += 1;
    this.#pass(why);
  }

  oddLine(from: number, to: number): boolean {
    this.#lines += 1;
    return this.#line(this.#bytes.subarray(from, to), true);
  }

  emptyLine(): void {
    this.#lines += 1;
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

  /** The turns of this part. */
  take(): ArchiveTurns {
    this.#turnCount += this.#turns.length;
    return this.#turns;
  }

  report(bytes: number): FileReport {
    const problems = this.problems.list();
    const [file, lines, turns] = [this.#file, this.#lines, this.#turnCount];
    const passed = Object.fromEntries(this.#met.map((why) => [PASSED[why], this.#passed[why] ?? 0]));
    return { file, kind: 'log', bytes, lines, turns, passed, problems };
  }

  /** Answers whether it is one record, found in order. */
  #line(bytes: Buffer, whole: boolean): boolean {
    const value = parsed(bytes.toString('utf8'));
    if (value !== undefined) return this.#judge(value);
    const { values, badAt } = fragmentsOf(bytes);
    for (const one of values) this.#judge(one);
    for (const column of badAt) {
      const why = whole ? 'no JSON' : 'the last line was cut short';
      this.#bad('line-not-json', `${why} at column ${column}`);
    }
    return false;
  }

  #judge(value: unknown): boolean {
    const judged = judgeRecord(value);
    if (judged.kind === 'turn') this.#turns.addParsed(judged.turn);
    else if (judged.kind === 'bad') this.#bad('line-not-usable', judged.why);
    else this.#pass(PASSED.indexOf(judged.why));
    return judged.kind !== 'bad';
  }

  #pass(why: number): void {
    const count = this.#passed[why] ?? 0;
    if (count === 0) this.#met.push(why);
    this.#passed[why] = count + 1;
  }

  #bad(code: Problem['code'], why: string): void {
    this.problems.add(code, `${basename(this.#file)}:${this.#lines}: ${why}`, { line: this.#lines });
  }
}
