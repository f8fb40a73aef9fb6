import { keyNamed, numberIn, textIn } from '../scan/json-scalar.ts';
import { numberEnd, skipSpace, stringEnd, valueEnd, walkObject } from '../scan/json-walk.ts';
import type { Span } from '../scan/json-walk.ts';
import { answerOf, countOf, NONE, SYNTHETIC } from './answer.ts';
import type { TranscriptLine } from './answer.ts';

// What was met of the line that is being walked. One line at a time, and a transcript has hundreds of thousands.
let messages = 0;
let usages = 0;
let splits = 0;
let isObject = false;
let isError = false;
let isSidechain = false;
let id: string | null | undefined;
let model: string | null | undefined;
let timestamp: string | null | undefined;
let requestId: string | null | undefined;
let sessionId: string | null | undefined;
let [input, output, cacheWrite, cacheWrite1h, cacheRead] = [0, 0, 0, 0, 0];

/**
 * Reads a line of a transcript by walking past what is not wanted; agrees with `parseLine`. Null: not sure to agree, or
 * to be read whole anyhow (a refusal, say), so parse it.
 */
export function walkLine(bytes: Buffer, start: number, end: number): TranscriptLine | null {
  messages = usages = splits = 0;
  isObject = isError = isSidechain = false;
  id = model = timestamp = requestId = sessionId = undefined;
  input = output = cacheWrite = cacheWrite1h = cacheRead = 0;
  const after = walkObject(bytes, skipSpace(bytes, start, end), end, lineMember);
  if (after < 0 || skipSpace(bytes, after, end) !== end) return null;
  // Of equal keys the last one counts, with nothing of the one before.
  if (messages > 1 || usages > 1 || splits > 1 || isError || model === SYNTHETIC) return null;
  if (!isObject || usages === 0) return NONE;
  const counts = { input, output, cacheWrite, cacheWrite1h, cacheRead };
  return answerOf({ id, model, timestamp, requestId, sessionId, isSidechain, counts });
}

const isMessage = keyNamed('message');
const isTimestamp = keyNamed('timestamp');
const isRequestId = keyNamed('requestId');
const isSessionId = keyNamed('sessionId');
const isIsSidechain = keyNamed('isSidechain');
const isApiError = keyNamed('isApiErrorMessage');

function lineMember(bytes: Buffer, key: Span, at: number, end: number): number {
  switch (key.end - key.start) {
    case 7:
      if (!isMessage(bytes, key)) break;
      messages += 1;
      isObject = bytes[at] === OPEN_OBJECT;
      return isObject ? walkObject(bytes, at, end, messageMember) : valueEnd(bytes, at, end);
    case 9:
      if (isTimestamp(bytes, key)) {
        const after = valueEnd(bytes, at, end);
        timestamp = stringIn(bytes, at, after);
        return after;
      }
      if (isRequestId(bytes, key)) {
        const after = valueEnd(bytes, at, end);
        requestId = stringIn(bytes, at, after);
        return after;
      }
      if (isSessionId(bytes, key)) {
        const after = valueEnd(bytes, at, end);
        sessionId = again(stringIn(bytes, at, after));
        return after;
      }
      break;
    case 11:
      if (isIsSidechain(bytes, key)) isSidechain = bytes[at] === LOWER_T;
      break;
    case 17:
      if (isApiError(bytes, key)) isError = bytes[at] === LOWER_T;
      break;
  }
  return valueEnd(bytes, at, end);
}

const isId = keyNamed('id');
const isModel = keyNamed('model');
const isUsage = keyNamed('usage');

function messageMember(bytes: Buffer, key: Span, at: number, end: number): number {
  switch (key.end - key.start) {
    case 2:
      if (!isId(bytes, key)) break;
      id = stringIn(bytes, at, stringEnd(bytes, at, end));
      break;
    case 5:
      if (isModel(bytes, key)) model = again(stringIn(bytes, at, stringEnd(bytes, at, end)));
      else if (isUsage(bytes, key)) {
        // Something else under this name: told from an object by parsing.
        if (bytes[at] !== OPEN_OBJECT) return -1;
        usages += 1;
        return walkObject(bytes, at, end, usageMember);
      }
      break;
  }
  return valueEnd(bytes, at, end);
}

const isInput = keyNamed('input_tokens');
const isOutput = keyNamed('output_tokens');
const isCacheWrite = keyNamed('cache_creation_input_tokens');
const isCacheRead = keyNamed('cache_read_input_tokens');
const isSplit = keyNamed('cache_creation');

function usageMember(bytes: Buffer, key: Span, at: number, end: number): number {
  switch (key.end - key.start) {
    case 12:
      if (isInput(bytes, key)) input = countIn(bytes, at, end);
      break;
    case 13:
      if (isOutput(bytes, key)) output = countIn(bytes, at, end);
      break;
    case 14:
      if (!isSplit(bytes, key)) break;
      splits += 1;
      return bytes[at] === OPEN_OBJECT ? walkObject(bytes, at, end, splitMember) : valueEnd(bytes, at, end);
    case 23:
      if (isCacheRead(bytes, key)) cacheRead = countIn(bytes, at, end);
      break;
    case 27:
      if (isCacheWrite(bytes, key)) cacheWrite = countIn(bytes, at, end);
      break;
  }
  return valueEnd(bytes, at, end);
}

const isHour = keyNamed('ephemeral_1h_input_tokens');

function splitMember(bytes: Buffer, key: Span, at: number, end: number): number {
  if (isHour(bytes, key)) cacheWrite1h = countIn(bytes, at, end);
  return valueEnd(bytes, at, end);
}

/** Names of models and sessions come again and again: one copy of each is kept. */
function again(text: string | null): string | null {
  if (text === null) return null;
  const known = names.get(text);
  if (known !== undefined) return known;
  if (names.size >= MOST_NAMES) names.clear();
  names.set(text, text);
  return text;
}

const MOST_NAMES = 10_000;
const names = new Map<string, string>();

/** Null: it is no string. */
function stringIn(bytes: Buffer, at: number, after: number): string | null {
  return bytes[at] === QUOTE && after > at ? textIn(bytes, at, after) : null;
}

function countIn(bytes: Buffer, at: number, end: number): number {
  if (bytes[at] === LOWER_N) return 0;
  const after = numberEnd(bytes, at, end);
  return after < 0 ? NaN : countOf(numberIn(bytes, at, after));
}

const QUOTE = 0x22;
const OPEN_OBJECT = 0x7b;
const LOWER_N = 0x6e;
const LOWER_T = 0x74;
