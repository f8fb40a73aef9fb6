import type { Judgement } from '../exchange.ts';
import type { Failure } from '../failure.ts';
import { FAILURES } from '../failure.ts';

/** Judges an answer by its status and first bytes, before anything of it is relayed. */
export function judgeAnswer(status: number, firstBytes: Buffer, isEventStream: boolean): Judgement {
  if (status === 429) return { tryNext: true, kind: 'rate_limited', reason: 'http_429' };
  if (status === 529) return { tryNext: true, kind: 'overloaded', reason: 'http_529' };
  if (status >= 500) return { tryNext: true, kind: 'server_error', reason: `http_${status}` };
  if (status >= 400) return { tryNext: false, kind: 'client_error', reason: `http_${status}` };
  if (isEventStream && opensWithError(firstBytes) === 'yes') {
    const overloaded = firstBytes.includes('overloaded_error');
    return { tryNext: true, kind: overloaded ? 'overloaded' : 'server_error', reason: 'error_event_first' };
  }
  return { tryNext: false, kind: 'ok', reason: `http_${status}` };
}

export function judgeFailure(failure: Failure): Judgement {
  const { tryNext, status } = FAILURES[failure.code];
  return { tryNext, kind: status === 504 ? 'timeout' : 'unreachable', reason: failure.code };
}

/**
 * Does a stream open with an `error` event, as overloaded providers do after a 200? `unsure`: too few bytes to say.
 */
export function opensWithError(bytes: Buffer): 'yes' | 'no' | 'unsure' {
  for (const opening of ERROR_OPENINGS) {
    const size = Math.min(bytes.length, opening.length);
    if (bytes.compare(opening, 0, size, 0, size) !== 0) continue;
    return size === opening.length ? 'yes' : 'unsure';
  }
  return 'no';
}

const ERROR_OPENINGS = [Buffer.from('event: error'), Buffer.from('event:error')];
