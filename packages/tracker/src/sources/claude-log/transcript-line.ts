/** One answer as a line of a transcript tells it; the same answer stands in several lines and files. */
export interface AnswerLine {
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

/** What a line is: an answer, nothing that counts, or something that should have been one. */
export type TranscriptLine =
  | { readonly kind: 'answer'; readonly answer: AnswerLine }
  | { readonly kind: 'none' }
  | { readonly kind: 'bad'; readonly why: string };

const NONE: TranscriptLine = { kind: 'none' };

/** Reads the JSON value of a line. Never throws. */
export function transcriptLine(value: unknown): TranscriptLine {
  if (!isFields(value)) return { kind: 'bad', why: 'it is no JSON object' };
  const { message } = value;
  if (!isFields(message) || !isFields(message['usage'])) return NONE;
  const { id, model, usage } = message;
  // Errors and notices of the client itself cost nothing.
  if (value['isApiErrorMessage'] === true || model === '<synthetic>') return NONE;
  if (typeof id !== 'string' || id === '') return { kind: 'bad', why: 'its message has no id' };
  if (typeof model !== 'string') return { kind: 'bad', why: 'its message has no model' };
  const ts = typeof value['timestamp'] === 'string' ? Date.parse(value['timestamp']) / 1000 : NaN;
  if (!Number.isFinite(ts)) return { kind: 'bad', why: 'it has no time' };
  const tokens = tokensOf(usage as Fields);
  if (tokens === null) return { kind: 'bad', why: 'its usage has a count that is no whole number from 0' };
  const answer = {
    messageId: id,
    requestId: textOf(value['requestId']),
    sessionId: textOf(value['sessionId']) ?? '',
    ts,
    model,
    isSidechain: value['isSidechain'] === true,
    ...tokens,
  };
  return { kind: 'answer', answer };
}

type Fields = Readonly<Record<string, unknown>>;

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

type Tokens = Pick<
  AnswerLine,
  'inputTokens' | 'outputTokens' | 'cacheWrite5mTokens' | 'cacheWrite1hTokens' | 'cacheReadTokens'
>;

/** Null: one of them is there and is no count. */
function tokensOf(usage: Fields): Tokens | null {
  const split = isFields(usage['cache_creation']) ? usage['cache_creation'] : {};
  const counts = [
    usage['input_tokens'],
    usage['output_tokens'],
    usage['cache_creation_input_tokens'],
    usage['cache_read_input_tokens'],
    split['ephemeral_1h_input_tokens'],
  ].map(countOf);
  const [input = null, output = null, written = null, read = null, hour = null] = counts;
  if (input === null || output === null || written === null || read === null || hour === null) return null;
  return {
    inputTokens: input,
    outputTokens: output,
    // The total is what older clients wrote alone; what is not for an hour is for five minutes.
    cacheWrite5mTokens: Math.max(0, written - hour),
    cacheWrite1hTokens: Math.min(hour, Math.max(written, hour)),
    cacheReadTokens: read,
  };
}

function countOf(value: unknown): number | null {
  if (value === undefined || value === null) return 0;
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : null;
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}
