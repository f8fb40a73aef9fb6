import { readSync } from 'node:fs';
import { basename } from 'node:path';
import { systemErrorCode } from '../../problem.ts';
import type { Problem } from '../../problem.ts';
import { turnKey } from '../../turn-key.ts';
import type { ArchiveTurn, Passed, TurnDetails } from './archive-turn.ts';
import { unreadable } from './find-archive.ts';
import { fragmentsOf, parsed } from './json-fragments.ts';
import { NUMBERS } from './packed-lines.ts';
import type { PackedLines } from './packed-lines.ts';
import { problemList } from './problem-list.ts';
import type { ProblemList } from './problem-list.ts';
import type { FileReport } from './read-log.ts';
import { plainLines } from './plain-lines.ts';
import type { PlainRecord } from './record-shape.ts';
import { judgeRecord } from './usage-record.ts';

const LINE_FEED = 0x0a;
const PASSED = { decision: 'decision lines', early: 'early stream lines', other: 'other requests' } as const;

/** Makes turns of the lines of one log, and keeps account of what is none. */
export class LineReader {
  readonly problems: ProblemList;
  readonly mostLineBytes: number;
  readonly #file: string;
  readonly #passed: Partial<Record<Passed, number>> = {};
  #turns: ArchiveTurn[] = [];
  #turnCount = 0;
  /** Lines begun. */
  #lines = 0;
  /** In a line of which a piece has been used or passed over. */
  #inLine: 'no' | 'using' | 'skipping' = 'no';
  readonly #plain = plainLines();
  readonly #names = new Map<string, string>();

  /** @param mostLineBytes of a longer line without one whole object in it nothing is used */
  constructor(file: string, mostLineBytes: number) {
    this.#file = file;
    this.mostLineBytes = mostLineBytes;
    this.problems = problemList(file);
  }

  /** Whether no line was begun yet. */
  get isAtStart(): boolean {
    return this.#lines === 0;
  }

  /** Reads every whole line and answers where the last one ends. */
  lines(data: Buffer): number {
    const end = data.lastIndexOf(LINE_FEED) + 1;
    let from = 0;
    if (this.#inLine !== 'no' && end > 0) {
      const lineEnd = data.indexOf(LINE_FEED);
      if (this.#inLine === 'using' && lineEnd > 0) this.#line(data.subarray(0, lineEnd), true);
      this.#inLine = 'no';
      from = lineEnd + 1;
    }
    const bytes = data.subarray(from, end);
    this.#plain.read(bytes, {
      turn: (record, start, to) => {
        this.#lines += 1;
        this.#turns.push(turnOf(record, bytes, { start, to, names: this.#names }));
      },
      passed: (kind) => {
        this.#lines += 1;
        this.#pass(PASSED[kind]);
      },
      odd: (start, to) => {
        this.#lines += 1;
        this.#line(bytes.subarray(start, to), true);
      },
      empty: () => (this.#lines += 1),
    });
    return end;
  }

  /** Lines that another thread has read. The file is open as long as their turns are of use. */
  packed(packed: PackedLines, { fd, from: base }: { readonly fd: number; readonly from: number }): void {
    const keys = packed.keys.split('\n');
    const models = packed.models.map((model) => nameIn(this.#names, model));
    const before = this.#lines;
    let nth = 0;
    const takeTurns = (end: number): void => {
      for (; nth < end; nth += 1) {
        const at = nth * NUMBERS;
        const [from = 0, to = 0] = [packed.numbers[at + 4], packed.numbers[at + 5]];
        this.#turns.push({
          key: keys[nth] ?? '',
          ts: packed.numbers[at] ?? 0,
          model: models[packed.numbers[at + 3] ?? 0] ?? '',
          inputTokens: packed.numbers[at + 1] ?? 0,
          outputTokens: packed.numbers[at + 2] ?? 0,
          details: () => detailsOf(bytesAt(fd, base + from, base + to)),
        });
      }
    };
    for (const { line, turns, from, to } of packed.odd) {
      takeTurns(turns);
      const bytes = bytesAt(fd, base + from, base + to);
      this.#lines = before + line;
      if (bytes.length > this.mostLineBytes) {
        this.longLine(bytes);
        this.#inLine = 'no';
      } else {
        this.#lines += 1;
        this.#line(bytes, true);
      }
    }
    takeTurns(packed.numbers.length / NUMBERS);
    this.#lines = before + packed.lines;
    for (const kind of ['decision', 'early', 'other'] as const) this.#pass(PASSED[kind], packed.passed[kind]);
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
    else this.#pass(judged.why);
  }

  #pass(why: Passed, count = 1): void {
    if (count > 0) this.#passed[why] = (this.#passed[why] ?? 0) + count;
  }

  #bad(code: Problem['code'], why: string): void {
    this.problems.add(code, `${basename(this.#file)}:${this.#lines}: ${why}`, { line: this.#lines });
  }
}

interface Place {
  /** `[start, to)` in the bytes. */
  readonly start: number;
  readonly to: number;
  readonly names: Map<string, string>;
}

function turnOf(record: PlainRecord, bytes: Buffer, { start, to, names }: Place): ArchiveTurn {
  const { ts, rid, inputTokens, outputTokens } = record;
  const model = nameIn(names, record.model);
  const key = turnKey({ rid, ts, model, lane: '', latencyMs: 0, inputTokens, outputTokens });
  return { key, ts, model, inputTokens, outputTokens, details: () => detailsOf(bytes.subarray(start, to)) };
}

function bytesAt(fd: number, from: number, to: number): Buffer {
  const bytes = Buffer.allocUnsafe(to - from);
  return bytes.subarray(0, readSync(fd, bytes, 0, bytes.length, from));
}

/** What a line holds that was found to be a turn. */
function detailsOf(line: Buffer): TurnDetails {
  const judged = judgeRecord(parsed(line.toString('latin1')));
  if (judged.kind !== 'turn') throw new Error(`a line was scanned as a turn and is none: ${judged.why}`);
  return judged.turn.details();
}

/** A name as a text of its own: one cut out of a block would keep all of the block in memory. */
function nameIn(names: Map<string, string>, name: string): string {
  const known = names.get(name);
  if (known !== undefined) return known;
  const own = Buffer.from(name, 'latin1').toString('latin1');
  if (names.size < MOST_NAMES) names.set(own, own);
  return own;
}

const MOST_NAMES = 256;
