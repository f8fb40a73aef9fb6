import { basename, sep } from 'node:path';
import type { LogTurn } from '../log-turn.ts';
import type { Answer } from './answer.ts';

/** The best record of an answer, where it stands, and the earliest time at which the answer was seen. */
export interface KeptAnswer {
  readonly answer: Answer;
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  /** Epoch seconds. */
  readonly earliestTs: number;
}

/** All answers met so far, each by the best of its records. */
export interface Answers {
  readonly size: number;
  add(answer: Answer, file: string, line: number): void;
  /** Answers that are new or told better since the last call, in the order of time. */
  changed(): readonly LogTurn[];
  all(): Iterable<KeptAnswer>;
}

interface Known {
  answer: Answer;
  file: string;
  line: number;
  earliestTs: number;
  isChanged: boolean;
}

/**
 * One answer is written as several lines and copied into other sessions. Of all records of a message the one with the
 * most tokens counts, at the earliest time; among equals one of the main conversation. In which order records are met
 * changes nothing.
 */
export function openAnswers(before: Iterable<KeptAnswer>): Answers {
  const known = new Map<string, Known>();
  const changed: Known[] = [];
  for (const kept of before) known.set(kept.answer.messageId, { ...kept, isChanged: false });
  const mark = (entry: Known): void => {
    if (!entry.isChanged) changed.push(entry);
    entry.isChanged = true;
  };
  return {
    get size() {
      return known.size;
    },
    add(answer, file, line) {
      const { messageId, ts } = answer;
      const entry = known.get(messageId);
      if (entry === undefined) {
        const fresh = { answer, file, line, earliestTs: ts, isChanged: false };
        known.set(messageId, fresh);
        mark(fresh);
        return;
      }
      if (isBetter(answer, file, line, entry)) {
        entry.answer = answer;
        entry.file = file;
        entry.line = line;
        mark(entry);
      }
      if (ts < entry.earliestTs) {
        entry.earliestTs = ts;
        mark(entry);
      }
    },
    changed() {
      const turns = changed.map((entry) => {
        entry.isChanged = false;
        return toTurn(entry);
      });
      changed.length = 0;
      return turns.sort((a, b) => a.ts - b.ts || (a.key < b.key ? -1 : 1));
    },
    *all() {
      for (const { answer, file, line, earliestTs } of known.values()) yield { answer, file, line, earliestTs };
    },
  };
}

function isBetter(one: Answer, file: string, line: number, known: Known): boolean {
  const { answer: other } = known;
  const more = totalOf(one) - totalOf(other);
  if (more !== 0) return more > 0;
  if (one.isSidechain !== other.isSidechain) return other.isSidechain;
  if (one.ts !== other.ts) return one.ts < other.ts;
  return file === known.file ? line < known.line : file < known.file;
}

function totalOf(answer: Answer): number {
  const { inputTokens, outputTokens, cacheWrite5mTokens, cacheWrite1hTokens, cacheReadTokens } = answer;
  return inputTokens + outputTokens + cacheWrite5mTokens + cacheWrite1hTokens + cacheReadTokens;
}

function toTurn({ answer, file, line, earliestTs }: Known): LogTurn {
  return {
    source: 'claude-log',
    key: `cc:${answer.messageId}`,
    requestId: answer.requestId,
    ts: earliestTs,
    sessionId: answer.sessionId,
    agent: agentOf(file, answer.isSidechain),
    model: answer.model,
    inputTokens: answer.inputTokens,
    outputTokens: answer.outputTokens,
    cacheWrite5mTokens: answer.cacheWrite5mTokens,
    cacheWrite1hTokens: answer.cacheWrite1hTokens,
    cacheReadTokens: answer.cacheReadTokens,
    file,
    line,
  };
}

function agentOf(file: string, isSidechain: boolean): string {
  if (!isSidechain && !file.includes(AGENT)) return '';
  return /^agent-(.+)\.jsonl$/.exec(basename(file))?.[1] ?? (isSidechain ? 'sidechain' : '');
}

const AGENT = `${sep}agent-`;
