import { basename } from 'node:path';
import { systemErrorCode } from '../../problem.ts';
import type { Problem } from '../../problem.ts';
import { turnKey } from '../../turn-key.ts';
import type { ArchiveTurn, Passed, TurnDetails } from './archive-turn.ts';
import { unreadable } from './find-archive.ts';
import { fragmentsOf, parsed } from './json-fragments.ts';
import { problemList } from './problem-list.ts';
import type { ProblemList } from './problem-list.ts';
import type { FileReport } from './read-log.ts';
import { DECISION, EARLY, is, newScan, OTHER, scanRecord, TURN } from './scan-record.ts';
import { judgeRecord } from './usage-record.ts';

const LINE_FEED = 0x0a;
const OPEN = 0x7b;
const CLOSE = 0x7d;
/** What a decision line says of its status; ours say it at the same distance from their end. */
const DECIDED = Buffer.from('"status":-1,');

/** Makes turns of the lines of one log, and keeps account of what is none. */
export class LineReader {
  readonly problems: ProblemList;
  readonly #file: string;
  readonly #passed: Partial<Record<Passed, number>> = {};
  #turns: ArchiveTurn[] = [];
  #turnCount = 0;
  /** Lines begun. */
  #lines = 0;
  /** In a line of which a piece has been used or passed over. */
  #inLine: 'no' | 'using' | 'skipping' = 'no';
  readonly #scan = newScan();
  readonly #names = nameTable();
  /** How far from its end the last decision line said so. */
  #decidedAt = 0;

  constructor(file: string) {
    this.#file = file;
    this.problems = problemList(file);
  }

  /** Reads every whole line and answers where the last one ends. */
  lines(data: Buffer): number {
    let from = 0;
    for (let at = data.indexOf(LINE_FEED); at !== -1; at = data.indexOf(LINE_FEED, from)) {
      if (this.#inLine !== 'no') {
        if (this.#inLine === 'using' && at > from) this.#line(data.subarray(from, at), true);
        this.#inLine = 'no';
      } else {
        this.#lines += 1;
        if (at > from && !this.#quickly(data, from, at)) this.#line(data.subarray(from, at), true);
      }
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

  /** What nearly all lines are, without parsing them; false: it is none of that, or not plainly. */
  #quickly(data: Buffer, from: number, to: number): boolean {
    if (data[from] !== OPEN || data[to - 1] !== CLOSE) return false;
    const scan = this.#scan;
    const decidedAt = to - this.#decidedAt;
    const isDecided = decidedAt > from && is(data, decidedAt, decidedAt + DECIDED.length, DECIDED);
    switch (isDecided ? DECISION : scanRecord(data, from, to, scan)) {
      case TURN:
        this.#turns.push(this.#scanned(data, from, to));
        return true;
      case DECISION:
        // Only its beginning or its end was read: nothing else may be on the line.
        if (data.indexOf(CLOSE, from) !== to - 1 || isWithin(data.indexOf(OPEN, from + 1), to)) return false;
        if (!isDecided) this.#decidedAt = to - scan.statusAt + STATUS_KEY_BYTES;
        this.#pass('decision lines');
        return true;
      case EARLY:
        this.#pass('early stream lines');
        return true;
      case OTHER:
        this.#pass('other requests');
        return true;
      default:
        return false;
    }
  }

  #scanned(data: Buffer, from: number, to: number): ArchiveTurn {
    const { ts, inputTokens, outputTokens, ridStart, ridEnd, modelStart, modelEnd } = this.#scan;
    const rid = data.toString('latin1', ridStart, ridEnd);
    const model = this.#names(data, modelStart, modelEnd);
    const key = turnKey({ rid, ts, model, lane: '', latencyMs: 0, inputTokens, outputTokens });
    return { key, ts, model, inputTokens, outputTokens, details: () => detailsOf(data.subarray(from, to)) };
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

  #pass(why: Passed): void {
    this.#passed[why] = (this.#passed[why] ?? 0) + 1;
  }

  #bad(code: Problem['code'], why: string): void {
    this.problems.add(code, `${basename(this.#file)}:${this.#lines}: ${why}`, { line: this.#lines });
  }
}

const STATUS_KEY_BYTES = '"status":'.length;

function isWithin(at: number, to: number): boolean {
  return at !== -1 && at < to;
}

/** What a line holds that was found to be a turn. */
function detailsOf(line: Buffer): TurnDetails {
  const judged = judgeRecord(parsed(line.toString('latin1')));
  if (judged.kind !== 'turn') throw new Error(`a line was scanned as a turn and is none: ${judged.why}`);
  return judged.turn.details();
}

/** Names as strings: few different ones, again and again. */
function nameTable(): (bytes: Buffer, start: number, end: number) => string {
  const known: { readonly bytes: Buffer; readonly name: string }[] = [];
  return (bytes, start, end) => {
    for (const one of known) if (is(bytes, start, end, one.bytes)) return one.name;
    const name = bytes.toString('latin1', start, end);
    if (known.length < MOST_NAMES) known.push({ bytes: Buffer.from(name, 'latin1'), name });
    return name;
  };
}

const MOST_NAMES = 16;
