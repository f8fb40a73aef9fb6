/** One answer as a line of a transcript tells it; the same answer stands in several lines and files. */
export interface Answer {
  readonly messageId: string;
  readonly requestId: string | null;
  readonly sessionId: string;
  /** Epoch seconds. */
  readonly ts: number;
  readonly model: string;
  readonly isSidechain: boolean;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cacheWrite5mTokens: number;
  readonly cacheWrite1hTokens: number;
  readonly cacheReadTokens: number;
}

/** The provider refused a request because a limit was reached: the only word of a limit a transcript holds. */
export interface Rejection {
  /** Epoch seconds. */
  readonly ts: number;
  readonly sessionId: string;
  readonly requestId: string | null;
  /** As the provider calls it, such as `five_hour`; null: not told. */
  readonly limit: string | null;
  /** Epoch seconds; null: not told. */
  readonly resetsTs: number | null;
  /** What says so: a field with the limit, the kind of the error, or its text only. */
  readonly evidence: 'quota-limits' | 'error-kind' | 'text';
}

/** What a line is: an answer, a rejection, nothing that counts, or something that should have been an answer. */
export type TranscriptLine =
  | { readonly kind: 'answer'; readonly answer: Answer }
  | { readonly kind: 'rejection'; readonly rejection: Rejection }
  | { readonly kind: 'none' }
  | { readonly kind: 'bad'; readonly why: string };

export const NONE: TranscriptLine = { kind: 'none' };

/** A record of the client itself, not of a model. */
export const SYNTHETIC = '<synthetic>';

/** What a record says before it is known to be an answer; undefined: not there, null: there and not what it should be. */
export interface AnswerFields {
  readonly id: string | null | undefined;
  readonly model: string | null | undefined;
  readonly timestamp: string | null | undefined;
  readonly requestId: string | null | undefined;
  readonly sessionId: string | null | undefined;
  readonly isSidechain: boolean;
  readonly counts: AnswerCounts;
}

/** Counts as the record has them: NaN is no count. */
export interface AnswerCounts {
  readonly input: number;
  readonly output: number;
  /** Both kinds together; older clients wrote it alone. */
  readonly cacheWrite: number;
  readonly cacheWrite1h: number;
  readonly cacheRead: number;
}

/** The answer, or what it lacks. */
export function answerOf(fields: AnswerFields): TranscriptLine {
  const { id, model, timestamp, requestId, sessionId, isSidechain, counts } = fields;
  if (typeof id !== 'string' || id === '') return { kind: 'bad', why: 'its message has no id' };
  if (typeof model !== 'string') return { kind: 'bad', why: 'its message has no model' };
  const ts = typeof timestamp === 'string' ? Date.parse(timestamp) / 1000 : NaN;
  if (!Number.isFinite(ts)) return { kind: 'bad', why: 'it has no time' };
  const { input, output, cacheWrite, cacheWrite1h, cacheRead } = counts;
  // Each is a whole number from 0, so a sum that is none has one that is none in it.
  if (!Number.isFinite(input + output + cacheWrite + cacheWrite1h + cacheRead))
    return { kind: 'bad', why: 'its usage has a count that is no whole number from 0' };
  const answer = {
    messageId: id,
    requestId: requestId === undefined || requestId === '' ? null : requestId,
    sessionId: sessionId ?? '',
    ts,
    model,
    isSidechain,
    inputTokens: input,
    outputTokens: output,
    // What is not kept for an hour is kept for five minutes.
    cacheWrite5mTokens: Math.max(0, cacheWrite - cacheWrite1h),
    cacheWrite1hTokens: cacheWrite1h,
    cacheReadTokens: cacheRead,
  };
  return { kind: 'answer', answer };
}

/** A count in a record: absent and null are none, which is 0; NaN: it is there and is no count. */
export function countOf(value: unknown): number {
  if (value === undefined || value === null) return 0;
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : NaN;
}
