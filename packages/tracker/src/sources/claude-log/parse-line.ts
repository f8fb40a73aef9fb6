import { isFields } from '../panes/json-fields.ts';
import { answerOf, countOf, NONE, SYNTHETIC } from './answer.ts';
import type { TranscriptLine } from './answer.ts';
import { rejectionOf } from './rejection.ts';

/** Reads a line of a transcript by parsing all of it. Never throws. */
export function parseLine(text: string): TranscriptLine {
  const value = jsonOf(text);
  if (!isFields(value)) return { kind: 'bad', why: 'it is no JSON object' };
  const { message } = value;
  if (!isFields(message)) return NONE;
  const { id, model, usage } = message;
  // Errors and notices of the client itself cost nothing.
  if (value['isApiErrorMessage'] === true || model === SYNTHETIC) return rejectionOf(value, message);
  if (!isFields(usage)) return NONE;
  const split = isFields(usage['cache_creation']) ? usage['cache_creation'] : {};
  return answerOf({
    id: textOf(id),
    model: textOf(model),
    timestamp: textOf(value['timestamp']),
    requestId: textOf(value['requestId']),
    sessionId: textOf(value['sessionId']),
    isSidechain: value['isSidechain'] === true,
    counts: {
      input: countOf(usage['input_tokens']),
      output: countOf(usage['output_tokens']),
      cacheWrite: countOf(usage['cache_creation_input_tokens']),
      cacheWrite1h: countOf(split['ephemeral_1h_input_tokens']),
      cacheRead: countOf(usage['cache_read_input_tokens']),
    },
  });
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
