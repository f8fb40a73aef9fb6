import { basename } from 'node:path';
import type { LogTurn } from '../log-turn.ts';
import type { Answer } from './answer.ts';

/** An answer and where its record stands. */
export interface Placed {
  readonly answer: Answer;
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
}

/** The best record of an answer, and the earliest time at which it was seen; epoch seconds. */
export interface KeptAnswer extends Placed {
  readonly earliestTs: number;
}

/** All answers met so far, each by the best of its records. */
export interface Answers {
  readonly size: number;
  add(placed: Placed): void;
  /** Answers that are new or told better since the last call, in the order of time. */
  changed(): readonly LogTurn[];
  all(): Iterable<KeptAnswer>;
}

interface Known {
  best: Placed;
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
  for (const { earliestTs, ...best } of before)
    known.set(best.answer.messageId, { best, earliestTs, isChanged: false });
  const mark = (entry: Known): void => {
    if (!entry.isChanged) changed.push(entry);
    entry.isChanged = true;
  };
  return {
    get size() {
      return known.size;
    },
    add(placed) {
      const { messageId, ts } = placed.answer;
      const entry = known.get(messageId);
      if (entry === undefined) {
        const fresh = { best: placed, earliestTs: ts, isChanged: false };
        known.set(messageId, fresh);
        mark(fresh);
        return;
      }
      if (isBetter(placed, entry.best)) {
        entry.best = placed;
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
      for (const { best, earliestTs } of known.values()) yield { ...best, earliestTs };
    },
  };
}

function isBetter(one: Placed, other: Placed): boolean {
  const more = totalOf(one.answer) - totalOf(other.answer);
  if (more !== 0) return more > 0;
  if (one.answer.isSidechain !== other.answer.isSidechain) return other.answer.isSidechain;
  if (one.answer.ts !== other.answer.ts) return one.answer.ts < other.answer.ts;
  return one.file === other.file ? one.line < other.line : one.file < other.file;
}

function totalOf(answer: Answer): number {
  const { inputTokens, outputTokens, cacheWrite5mTokens, cacheWrite1hTokens, cacheReadTokens } = answer;
  return inputTokens + outputTokens + cacheWrite5mTokens + cacheWrite1hTokens + cacheReadTokens;
}

function toTurn({ best, earliestTs }: Known): LogTurn {
  const { answer, file, line } = best;
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
  return /^agent-(.+)\.jsonl$/.exec(basename(file))?.[1] ?? (isSidechain ? 'sidechain' : '');
}
