import type { Judgement } from '../exchange.ts';
import type { Failure } from '../failure.ts';
import { FAILURES } from '../failure.ts';
import { classifyRejection } from './rejection.ts';

/** What judging an answer needs of it. */
export interface JudgedAnswer {
  readonly status: number;
  /** Flat name, value list. */
  readonly headers: readonly string[];
  readonly firstBytes: Buffer;
  readonly isEventStream: boolean;
  /** Asked only where it matters: reading a clock costs as much as judging. */
  readonly nowTs: () => number;
}

/** Judges an answer by its status, headers and first bytes, before anything of it is relayed. */
export function judgeAnswer({ status, headers, firstBytes, isEventStream, nowTs }: JudgedAnswer): Judgement {
  if (status >= 400) {
    const rejection = classifyRejection({ status, headers, body: firstBytes, nowTs: nowTs() });
    const judged = { rejection, reason: `http_${status}` };
    if (status === 529 || rejection?.kind === 'overloaded') return { ...judged, tryNext: true, kind: 'overloaded' };
    if (status === 429) return { ...judged, tryNext: rejection?.tryNext ?? true, kind: 'rate_limited' };
    if (status >= 500) return { ...judged, tryNext: true, kind: 'server_error' };
    return {
      ...judged,
      tryNext: rejection?.tryNext ?? false,
      kind: rejection === null ? 'client_error' : 'rate_limited',
    };
  }
  if (isEventStream && opensWithError(firstBytes) === 'yes') {
    const kind = firstBytes.includes('overloaded_error') ? 'overloaded' : 'server_error';
    return { tryNext: true, kind, reason: 'error_event_first', rejection: null };
  }
  return { tryNext: false, kind: 'ok', reason: `http_${status}`, rejection: null };
}

export function judgeFailure(failure: Failure): Judgement {
  const { tryNext, status } = FAILURES[failure.code];
  return { tryNext, kind: status === 504 ? 'timeout' : 'unreachable', reason: failure.code, rejection: null };
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
