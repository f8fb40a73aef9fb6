import { errors, type Dispatcher } from 'undici';
import type { Attempted, Permit, Wire } from '../exchange.ts';
import { failure, type Failure } from '../failure.ts';
import { UpstreamAnswer } from './answer.ts';
import { bodyFor } from './body.ts';
import { readResponseHeaders, upstreamHeaders } from './headers.ts';
import { judgeAnswer, judgeFailure, opensWithError } from './judge.ts';
import type { Pools } from './pools.ts';

export interface ForwardOptions {
  readonly pools: Pools;
  readonly localKey: string | null;
  readonly defaultAnthropicVersion: string;
  /** Epoch seconds. */
  readonly nowTs: () => number;
}

/**
 * One attempt on one lane, up to the point of no return: resolves when the answer's head and first bytes are here (an
 * error answer: all of it), or when there will be none. Nothing has been relayed by then.
 */
export async function forward(permit: Permit, wire: Wire, options: ForwardOptions): Promise<Attempted> {
  const attempted = await attempt(permit, wire, options);
  if (attempted.failure !== STALE) return attempted;
  // A pooled connection was closed by the far side while idle: nothing was processed, so ask again once.
  const again = await attempt(permit, wire, options);
  if (again.failure !== STALE) return again;
  const reason = reset(permit);
  return { ...again, failure: reason, judgement: judgeFailure(reason) };
}

function attempt(permit: Permit, wire: Wire, options: ForwardOptions): Promise<Attempted> {
  // It may have left while it waited for its place on the lane.
  if (wire.outgoing.destroyed) {
    return Promise.resolve({ permit, answer: null, failure: reset(permit), judgement: GONE });
  }
  return new Promise((resolve) => new AttemptHandler(permit, wire, resolve, options.nowTs).dispatch(options));
}

/** An error answer is read whole up to here, to be judged and, if no other lane helps, relayed as it came. */
const ERROR_BODY_LIMIT = 256 * 1024;
const GONE = { tryNext: false, kind: 'cancelled', reason: 'client_gone', rejection: null } as const;
const STALE: Failure = failure('reset_before_answer', 'A pooled connection was stale.');

/** Follows one attempt on the wire; settles once, then only feeds its answer. */
class AttemptHandler implements Dispatcher.DispatchHandler {
  readonly #permit: Permit;
  readonly #wire: Wire;
  readonly #resolve: (attempted: Attempted) => void;
  readonly #answer = new UpstreamAnswer();
  readonly #hold: boolean;
  readonly #patience: NodeJS.Timeout;
  readonly #nowTs: () => number;
  #settled = false;

  constructor(permit: Permit, wire: Wire, resolve: (attempted: Attempted) => void, nowTs: () => number) {
    const { accepted, config } = permit.routed;
    const { timeouts } = permit.lane;
    this.#permit = permit;
    this.#wire = wire;
    this.#resolve = resolve;
    this.#nowTs = nowTs;
    this.#hold = config.catalog.features.hold_first_event;
    this.#patience = setTimeout(this.#outOfPatience, accepted.facts.stream ? timeouts.headerMs : timeouts.jsonMs);
    wire.outgoing.once('close', this.#clientGone);
  }

  dispatch({ pools, localKey, defaultAnthropicVersion }: ForwardOptions): void {
    const { lane, model, routed } = this.#permit;
    const { accepted } = routed;
    const { body, reencoded } = bodyFor(this.#wire, accepted.facts, model);
    const headers = upstreamHeaders(this.#wire.incoming.rawHeaders, {
      lane,
      defaultAnthropicVersion,
      localKey,
      hasBody: body.length > 0,
      dropContentEncoding: reencoded,
    });
    const method = accepted.method as Dispatcher.HttpMethod;
    try {
      pools
        .of(lane)
        .dispatch(
          { path: lane.basePath + accepted.target, method, headers, body: body.length > 0 ? body : null },
          this,
        );
    } catch (error) {
      // A header value the client library refuses: that is an outcome too.
      this.onError(error as Error);
    }
  }

  onConnect(abort: (error?: Error) => void): void {
    this.#answer.connected(abort);
  }

  onHeaders(status: number, rawHeaders: Buffer[], resume: () => void, statusText: string): boolean {
    if (status < 200) return true;
    this.#answer.open(status, statusText, readResponseHeaders(rawHeaders), resume);
    this.#settleIfReady();
    return true;
  }

  onData(chunk: Buffer): boolean {
    const flowing = this.#answer.received(chunk);
    this.#settleIfReady();
    return flowing;
  }

  onComplete(): void {
    this.#answer.finished(null);
    this.#settle(null);
  }

  onError(error: Error): void {
    const answer = this.#answer;
    answer.finished(error);
    // A head without a single body byte is as good as no answer; an error answer cut short is still an answer.
    const usable = (answer.status >= 400 || answer.bufferedBytes > 0) && answer.abortedBy === null;
    this.#settle(usable ? null : explain(error, answer, this.#permit));
  }

  readonly #outOfPatience = (): void => {
    this.#answer.abort(failure('header_timeout', `${this.#permit.lane.id} sent no answer in time.`));
  };

  readonly #clientGone = (): void => this.#answer.abort('client');

  #settleIfReady(): void {
    if (!this.#settled && this.#isReady()) this.#settle(null);
  }

  /** Enough is here to judge the answer. */
  #isReady(): boolean {
    const answer = this.#answer;
    if (answer.status >= 400) return answer.bufferedBytes > ERROR_BODY_LIMIT;
    if (!this.#hold) return true;
    if (answer.bufferedBytes === 0) return false;
    if (!answer.isEventStream) return true;
    const opening = opensWithError(answer.peek());
    if (opening === 'yes') {
      const bytes = answer.peek();
      return bytes.includes('\n\n') || bytes.includes('\r\n\r\n') || bytes.length > ERROR_BODY_LIMIT;
    }
    return opening === 'no';
  }

  #settle(reason: Failure | null): void {
    if (this.#settled) return;
    this.#settled = true;
    clearTimeout(this.#patience);
    this.#wire.outgoing.off('close', this.#clientGone);
    const answer = this.#answer;
    const permit = this.#permit;
    if (reason === null) {
      const { status, headers, isEventStream } = answer;
      const judgement = judgeAnswer({
        status,
        headers,
        isEventStream,
        firstBytes: answer.peek(),
        nowTs: this.#nowTs,
      });
      this.#resolve({ permit, answer, failure: null, judgement });
    } else {
      const judgement = answer.abortedBy === 'client' ? GONE : judgeFailure(reason);
      this.#resolve({ permit, answer: null, failure: reason, judgement });
    }
  }
}

/** A socket error → what it means for the request. */
function explain(error: Error, answer: UpstreamAnswer, permit: Permit): Failure {
  const { lane } = permit;
  if (typeof answer.abortedBy === 'object' && answer.abortedBy !== null) return answer.abortedBy;
  const code = (error as NodeJS.ErrnoException).code ?? '';
  if (code === 'UND_ERR_CONNECT_TIMEOUT' || code === 'ETIMEDOUT') {
    const seconds = lane.timeouts.connectMs / 1000;
    return failure('connect_timeout', `${lane.id} did not accept a connection within ${seconds} s (${lane.baseUrl}).`);
  }
  if (error instanceof errors.SocketError || code === 'ECONNRESET' || code === 'EPIPE') {
    const servedBefore = error instanceof errors.SocketError && (error.socket?.bytesRead ?? 0) > 0;
    return answer.status === 0 && servedBefore ? STALE : reset(permit);
  }
  const what = code === '' ? error.message : code;
  return failure(
    'connect_failed',
    `${lane.id} can't be reached at ${lane.baseUrl} (${what}). Check its base_url and the network.`,
  );
}

function reset(permit: Permit): Failure {
  return failure('reset_before_answer', `${permit.lane.id} closed the connection before it answered.`);
}
