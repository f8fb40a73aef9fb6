import { closeSync, openSync, readSync } from 'node:fs';
import { basename } from 'node:path';
import { systemErrorCode } from '../../problem.ts';
import type { Problem } from '../../problem.ts';
import type { LogTurn } from '../log-turn.ts';
import { findTranscripts } from './find-transcripts.ts';
import { transcriptLine } from './transcript-line.ts';
import type { AnswerLine } from './transcript-line.ts';

export interface ReadTranscripts {
  /** In the order of time; each answer once, whatever copies of it there are. */
  readonly turns: readonly LogTurn[];
  readonly problems: readonly Problem[];
  readonly files: number;
  readonly lines: number;
  readonly bytes: number;
}

export interface ReadOptions {
  /** Told now and then how far it is. */
  readonly onProgress?: (done: { readonly files: number; readonly of: number; readonly bytes: number }) => void;
  /** A longer line is skipped and named. Default 64 MiB. */
  readonly mostLineBytes?: number;
}

const BLOCK_BYTES = 4 * 1024 * 1024;
const LINE_FEED = 0x0a;
/** Most lines of a transcript are no answers; those that are have this in them. */
const MARKER = Buffer.from('"usage"');
/** Problems named per file; then they are counted. */
const MOST_NAMED = 5;

/**
 * Reads the transcripts below the homes of Claude Code. One answer is written as several lines and copied into other
 * sessions: of all records of a message the one with the most tokens is taken, at the earliest time it was seen.
 */
export function readTranscripts(homes: readonly string[], options: ReadOptions = {}): ReadTranscripts {
  const { files, problems } = findTranscripts(homes);
  const found: Problem[] = [...problems];
  const answers = new Map<string, Placed>();
  let lines = 0;
  let bytes = 0;
  for (const [at, file] of files.entries()) {
    const read = readFile(file, options.mostLineBytes ?? 64 * 1024 * 1024, answers);
    lines += read.lines;
    bytes += read.bytes;
    found.push(...read.problems);
    options.onProgress?.({ files: at + 1, of: files.length, bytes });
  }
  const turns = [...answers.values()].map(toTurn).toSorted((a, b) => a.ts - b.ts || (a.key < b.key ? -1 : 1));
  return { turns, problems: found, files: files.length, lines, bytes };
}

interface Placed {
  readonly answer: AnswerLine;
  readonly file: string;
  readonly line: number;
}

interface FileRead {
  readonly problems: readonly Problem[];
  readonly lines: number;
  readonly bytes: number;
}

function readFile(file: string, mostLineBytes: number, answers: Map<string, Placed>): FileRead {
  const named: Problem[] = [];
  let unnamed = 0;
  let lines = 0;
  let bytes = 0;
  const bad = (code: Problem['code'], line: number, why: string): void => {
    if (named.length >= MOST_NAMED) unnamed += 1;
    else named.push({ code, file, line, message: `${basename(file)}:${line}: ${why}; the line is not counted` });
  };
  const look = (text: Buffer): void => {
    lines += 1;
    if (text.indexOf(MARKER) === -1) return;
    const read = transcriptLine(jsonOf(text));
    if (read.kind === 'bad') bad('line-not-usable', lines, read.why);
    else if (read.kind === 'answer') keep(answers, { answer: read.answer, file, line: lines });
  };
  try {
    bytes = eachLine(file, mostLineBytes, {
      look,
      skip: () => bad('line-too-long', (lines += 1), 'it is longer than a line may be'),
    });
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === undefined) throw error;
    const message = `${file} cannot be read (${code})`;
    named.push({ code: 'file-unreadable', file, message, remedy: 'Check its mode' });
  }
  if (unnamed > 0)
    named.push({ code: 'line-not-usable', file, message: `${basename(file)}: ${unnamed} more lines like these` });
  return { problems: named, lines, bytes };
}

/** Answers the bytes read. The last line counts without its end: if it is whole JSON it is whole. */
function eachLine(
  file: string,
  mostBytes: number,
  { look, skip }: { readonly look: (line: Buffer) => void; readonly skip: () => void },
): number {
  const fd = openSync(file, 'r');
  try {
    let rest: Buffer = Buffer.alloc(0);
    let skipping = false;
    let total = 0;
    for (;;) {
      const block = Buffer.allocUnsafe(BLOCK_BYTES);
      const size = readSync(fd, block, 0, BLOCK_BYTES, null);
      if (size === 0) break;
      total += size;
      const data = rest.length === 0 ? block.subarray(0, size) : Buffer.concat([rest, block.subarray(0, size)]);
      let from = 0;
      for (let at = data.indexOf(LINE_FEED); at !== -1; at = data.indexOf(LINE_FEED, from)) {
        if (skipping) skip();
        else if (at > from) look(data.subarray(from, at));
        skipping = false;
        from = at + 1;
      }
      rest = data.subarray(from);
      if (rest.length > mostBytes) {
        skipping = true;
        rest = Buffer.alloc(0);
      }
    }
    if (skipping) skip();
    else if (rest.length > 0) look(rest);
    return total;
  } finally {
    closeSync(fd);
  }
}

function jsonOf(text: Buffer): unknown {
  try {
    return JSON.parse(text.toString('utf8'));
  } catch {
    return undefined;
  }
}

function keep(answers: Map<string, Placed>, placed: Placed): void {
  const { messageId } = placed.answer;
  const known = answers.get(messageId);
  if (known === undefined) return void answers.set(messageId, placed);
  const better = isBetter(placed.answer, known.answer) ? placed : known;
  const ts = Math.min(placed.answer.ts, known.answer.ts);
  answers.set(messageId, { ...better, answer: { ...better.answer, ts } });
}

/** More tokens, then the main conversation before a copy of it in a subagent's. */
function isBetter(one: AnswerLine, other: AnswerLine): boolean {
  const more = totalOf(one) - totalOf(other);
  return more > 0 || (more === 0 && other.isSidechain && !one.isSidechain);
}

function totalOf(answer: AnswerLine): number {
  const { inputTokens, outputTokens, cacheWrite5mTokens, cacheWrite1hTokens, cacheReadTokens } = answer;
  return inputTokens + outputTokens + cacheWrite5mTokens + cacheWrite1hTokens + cacheReadTokens;
}

function toTurn({ answer, file, line }: Placed): LogTurn {
  const { messageId, isSidechain, ...rest } = answer;
  const agent = /^agent-(.+)\.jsonl$/.exec(basename(file))?.[1] ?? (isSidechain ? 'sidechain' : '');
  return { source: 'claude-log', key: `cc:${messageId}`, agent, file, line, ...rest };
}
