import { errors, type Dispatcher, type Pool } from 'undici';
import type { Attempted, Permit } from '../exchange.ts';
import { failure, type Failure } from '../failure.ts';
import { UpstreamAnswer } from './answer.ts';
import { readResponseHeaders, upstreamHeaders } from './headers.ts';
import { judgeAnswer, judgeFailure, opensWithError } from './judge.ts';
import type { Pools } from './pools.ts';
import { bodyFor } from './body.ts';

export interface ForwardOptions {
  readonly pools: Pools;
  readonly localKey: string | null;
  readonly defaultAnthropicVersion: string;
}

/** An error answer is read whole up to here, to be judged and, if no other lane helps, relayed as it came. */
const ERROR_BODY_LIMIT = 256 * 1024;

/**
 * One attempt on one lane, up to the point of no return: resolves when the answer's head and first bytes are here (an
 * error answer: all of it), or when there will be none. Nothing has been relayed by then.
 */
export async function forward(permit: Permit, options: ForwardOptions): Promise<Attempted> {
  const attempted = await attempt(permit, options);
  if (attempted.failure !== STALE) return attempted;
  // A pooled connection was closed by the far side while idle: nothing was processed, so ask again once.
  const again = await attempt(permit, options);
  if (again.failure !== STALE) return again;
  const reason = reset(permit);
  return { ...again, failure: reason, judgement: judgeFailure(reason) };
}

const STALE: Failure = failure('reset_before_answer', 'a pooled connection was stale');

function attempt(permit: Permit, options: ForwardOptions): Promise<Attempted> {
  const { accepted, config } = permit.routed;
  const { lane } = permit;
  const { body, reencoded } = bodyFor(accepted, permit.model);
  const hold = config.catalog.features.hold_first_event;
  // It may have left while it waited for its place on the lane.
  if (accepted.outgoing.destroyed)
    return Promise.resolve({ permit, answer: null, failure: reset(permit), judgement: GONE });
  return new Promise((resolve) => {
    const answer = new UpstreamAnswer();
    let settled = false;
    const headerTimer = setTimeout(() => {
      answer.abort(failure('header_timeout', `${lane.id} sent no answer within ${lane.timeouts.headerMs / 1000} s.`));
    }, lane.timeouts.headerMs);
    const onGone = (): void => answer.abort('client');
    accepted.outgoing.once('close', onGone);
    const settle = (reason: Failure | null): void => {
      if (settled) return;
      settled = true;
      clearTimeout(headerTimer);
      accepted.outgoing.off('close', onGone);
      if (reason === null) {
        const judgement = judgeAnswer(answer.status, answer.peek(), answer.isEventStream);
        resolve({ permit, answer, failure: null, judgement });
      } else {
        const gone = answer.abortedBy === 'client';
        const judgement = gone ? GONE : judgeFailure(reason);
        resolve({ permit, answer: null, failure: reason, judgement });
      }
    };
    const ready = (): boolean => {
      if (answer.ended) return true;
      if (answer.status >= 400) return answer.bufferedBytes > ERROR_BODY_LIMIT;
      if (!hold) return true;
      if (answer.bufferedBytes === 0) return false;
      if (!answer.isEventStream) return true;
      const opening = opensWithError(answer.peek());
      if (opening === 'yes') return answer.peek().includes('\n\n') || answer.bufferedBytes > ERROR_BODY_LIMIT;
      return opening === 'no';
    };
    const handler: Dispatcher.DispatchHandler = {
      onConnect: (abort) => answer.connected(abort as (reason?: Error) => void),
      onHeaders: (status, rawHeaders, resume, statusText) => {
        if (status < 200) return true;
        answer.status = status;
        answer.statusText = statusText;
        Object.assign(answer, readResponseHeaders(rawHeaders));
        answer.flowing(resume);
        if (!settled && ready()) settle(null);
        return true;
      },
      onData: (chunk) => {
        const flowing = answer.received(chunk);
        if (!settled && ready()) settle(null);
        return flowing;
      },
      onComplete: () => {
        answer.finished(null);
        settle(null);
      },
      onError: (error) => {
        answer.finished(error);
        // A head without a single body byte is as good as no answer; an error answer cut short is still an answer.
        const usable = answer.status >= 400 || answer.bufferedBytes > 0;
        settle(usable && answer.abortedBy === null ? null : explain(error, answer, permit));
      },
    };
    const target = {
      path: lane.basePath + accepted.target,
      method: accepted.method as Dispatcher.HttpMethod,
      headers: upstreamHeaders(accepted.incoming.rawHeaders, {
        lane,
        defaultAnthropicVersion: options.defaultAnthropicVersion,
        localKey: options.localKey,
        hasBody: body.length > 0,
        dropContentEncoding: reencoded,
      }),
      body: body.length > 0 ? body : null,
    };
    dispatch(options.pools.of(lane), target, handler);
  });
}

/** An unusable header value makes the client library throw: that is an answer too. */
function dispatch(pool: Pool, target: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): void {
  try {
    pool.dispatch(target, handler);
  } catch (error) {
    handler.onError?.(error as Error);
  }
}

const GONE = { tryNext: false, kind: 'cancelled', reason: 'client_gone' } as const;

/** A socket error → what it means for the request. */
function explain(error: Error, answer: UpstreamAnswer, permit: Permit): Failure {
  const { lane } = permit;
  if (typeof answer.abortedBy === 'object' && answer.abortedBy !== null) return answer.abortedBy;
  const code = (error as NodeJS.ErrnoException).code ?? '';
  if (code === 'UND_ERR_CONNECT_TIMEOUT' || code === 'ETIMEDOUT') {
    return failure(
      'connect_timeout',
      `${lane.id} did not accept a connection within ${lane.timeouts.connectMs / 1000} s (${lane.baseUrl}).`,
    );
  }
  if (error instanceof errors.SocketError || code === 'ECONNRESET' || code === 'EPIPE') {
    const servedBefore = error instanceof errors.SocketError && (error.socket?.bytesRead ?? 0) > 0;
    return answer.status === 0 && servedBefore ? STALE : reset(permit);
  }
  return failure(
    'connect_failed',
    `${lane.id} can't be reached at ${lane.baseUrl} (${code || error.message}). Check its base_url and the network.`,
  );
}

function reset(permit: Permit): Failure {
  return failure('reset_before_answer', `${permit.lane.id} closed the connection before it answered.`);
}
