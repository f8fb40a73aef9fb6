import { isFields } from '../panes/json-fields.ts';
import type { ScanState } from '../scan/scan.ts';
import type { KeptAnswer } from './answers.ts';

/** What has been read of transcripts: how far each file, and the answers. Plain JSON; about 150 bytes for each answer. */
export interface ClaudeState {
  readonly version: 1;
  readonly scan: ScanState;
  /** Texts that stand in many answers, once. */
  readonly texts: readonly string[];
  readonly answers: readonly AnswerRow[];
}

/**
 * Message id, request id, then indexes in `texts`: session, model, file; line, times (of the record, the earliest), whether
 * it is of a side conversation, tokens: input, output, cache written for 5 minutes, for 1 hour, read.
 */
type AnswerRow = readonly [string, string | null, ...number[]];

const NUMBERS = 12;

export function toClaudeState(scan: ScanState, answers: Iterable<KeptAnswer>): ClaudeState {
  const texts = new Map<string, number>();
  const indexOf = (text: string): number => {
    const known = texts.get(text) ?? texts.size;
    texts.set(text, known);
    return known;
  };
  const rows = Array.from(answers, ({ answer, file, line, earliestTs }): AnswerRow => [
    answer.messageId,
    answer.requestId,
    indexOf(answer.sessionId),
    indexOf(answer.model),
    indexOf(file),
    line,
    answer.ts,
    earliestTs,
    answer.isSidechain ? 1 : 0,
    answer.inputTokens,
    answer.outputTokens,
    answer.cacheWrite5mTokens,
    answer.cacheWrite1hTokens,
    answer.cacheReadTokens,
  ]);
  return { version: 1, scan, texts: [...texts.keys()], answers: rows };
}

/** The answers of a state that was kept; null: it is no state of ours, so everything is read again. */
export function answersIn(state: unknown): readonly KeptAnswer[] | null {
  if (!isFields(state) || state['version'] !== 1) return null;
  const { texts, answers } = state;
  if (!Array.isArray(texts) || !Array.isArray(answers)) return null;
  const kept: KeptAnswer[] = [];
  for (const row of answers as readonly unknown[]) {
    const answer = Array.isArray(row) ? answerIn(row, texts) : null;
    if (answer === null) return null;
    kept.push(answer);
  }
  return kept;
}

function answerIn(row: readonly unknown[], texts: readonly unknown[]): KeptAnswer | null {
  const [messageId, requestId, ...numbers] = row;
  if (typeof messageId !== 'string' || (requestId !== null && typeof requestId !== 'string')) return null;
  if (numbers.length !== NUMBERS || !numbers.every((value) => Number.isFinite(value))) return null;
  const [session = 0, model = 0, file = 0, line = 0, ts = 0, earliestTs = 0, side, ...tokens] = numbers as number[];
  const [sessionId, modelName, path] = [texts[session], texts[model], texts[file]];
  if (typeof sessionId !== 'string' || typeof modelName !== 'string' || typeof path !== 'string') return null;
  const [input = 0, output = 0, cacheWrite5m = 0, cacheWrite1h = 0, cacheRead = 0] = tokens;
  const answer = {
    messageId,
    requestId,
    sessionId,
    ts,
    model: modelName,
    isSidechain: side === 1,
    inputTokens: input,
    outputTokens: output,
    cacheWrite5mTokens: cacheWrite5m,
    cacheWrite1hTokens: cacheWrite1h,
    cacheReadTokens: cacheRead,
  };
  return { answer, file: path, line, earliestTs };
}
