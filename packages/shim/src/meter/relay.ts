import { STATUS_CODES, type ServerResponse } from 'node:http';
import type { Attempted, Ended, EndedHow } from '../exchange.ts';
import { failure } from '../failure.ts';
import { steadyMs } from '../steady-clock.ts';
import type { UpstreamAnswer } from '../upstream/answer.ts';
import { meterFor, type BodyMeter, type MeterReading } from './body-meter.ts';
import { isKnown, toTokens } from './usage-fields.ts';

/**
 * Sends the head and the body bytes as they came, reads them on the way, and resolves once, when the body is over.
 * From the first byte sent there is no other lane: what goes wrong now, the client sees as the upstream did it.
 *
 * @param ownHeaders flat name, value list added to the upstream's own
 * @param afterTurn does what the client need not wait for: reading what the answer used
 */
export function relay(
  attempted: Attempted & { readonly answer: UpstreamAnswer },
  outgoing: ServerResponse,
  ownHeaders: readonly string[],
  afterTurn: (work: () => void) => void,
): Promise<Ended> {
  return new Promise((resolve) => {
    const body = new RelayedBody(attempted, outgoing, resolve, afterTurn);
    body.start(ownHeaders);
  });
}

class RelayedBody {
  readonly #attempted: Attempted & { readonly answer: UpstreamAnswer };
  readonly #answer: UpstreamAnswer;
  readonly #outgoing: ServerResponse;
  readonly #meter: BodyMeter;
  readonly #resolve: (ended: Ended) => void;
  readonly #afterTurn: (work: () => void) => void;
  #idle: NodeJS.Timeout | undefined;
  #flushWaits = false;
  #clientGone = false;
  #timedOut = false;
  #stalled = false;
  #closed = false;
  #firstMs = 0;
  #lastMs = 0;

  constructor(
    attempted: Attempted & { readonly answer: UpstreamAnswer },
    outgoing: ServerResponse,
    resolve: (ended: Ended) => void,
    afterTurn: (work: () => void) => void,
  ) {
    this.#attempted = attempted;
    this.#answer = attempted.answer;
    this.#outgoing = outgoing;
    this.#meter = meterFor(attempted.answer.contentType, attempted.answer.contentEncoding);
    this.#resolve = resolve;
    this.#afterTurn = afterTurn;
  }

  start(ownHeaders: readonly string[]): void {
    const outgoing = this.#outgoing;
    const answer = this.#answer;
    outgoing.sendDate = false;
    outgoing.writeHead(answer.status, reasonPhrase(answer), [...answer.headers, ...ownHeaders]);
    outgoing.on('close', this.#onClose);
    if (outgoing.destroyed) this.#onClose();
    this.#firstMs = this.#lastMs = steadyMs();
    if (answer.ended) {
      this.#end(answer.broken);
      return;
    }
    this.#idle = setTimeout(this.#onIdle, this.#attempted.permit.lane.timeouts.idleMs);
    answer.attach({ onBytes: this.#onBytes, onEnd: (broken) => this.#end(broken) });
    if (answer.bufferedBytes > 0) this.#flush();
    else outgoing.flushHeaders();
    answer.resume();
  }

  /** The events of one read go out in one write, within the tick they came in. */
  readonly #onBytes = (): void => {
    if (this.#flushWaits) return;
    this.#flushWaits = true;
    process.nextTick(this.#flush);
  };

  readonly #flush = (): void => {
    this.#flushWaits = false;
    const bytes = this.#answer.take();
    if (bytes === null) return;
    this.#seen(bytes);
    this.#idle?.refresh();
    if (!this.#outgoing.write(bytes) && !this.#stalled && !this.#closed) {
      this.#stalled = true;
      this.#answer.pause();
      this.#outgoing.once('drain', this.#onDrain);
    }
  };

  readonly #onDrain = (): void => {
    this.#stalled = false;
    this.#idle?.refresh();
    this.#answer.resume();
  };

  readonly #onIdle = (): void => {
    // A client that reads slowly holds the upstream back: that is not the upstream's silence.
    if (this.#stalled) {
      this.#idle?.refresh();
      return;
    }
    this.#timedOut = true;
    this.#answer.abort(failure('header_timeout', 'idle'));
  };

  readonly #onClose = (): void => {
    if (this.#closed) return;
    this.#clientGone = true;
    this.#answer.abort('client');
    if (this.#answer.ended) this.#end(this.#answer.broken);
  };

  #seen(bytes: Buffer): void {
    this.#lastMs = steadyMs();
    this.#meter.feed(bytes, this.#lastMs);
  }

  #end(broken: Error | null): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#idle);
    const outgoing = this.#outgoing;
    outgoing.off('close', this.#onClose);
    outgoing.off('drain', this.#onDrain);
    const rest = this.#answer.take();
    if (rest !== null) this.#seen(rest);
    if (this.#clientGone) outgoing.destroy();
    else if (broken === null) endWith(outgoing, rest);
    else this.#breakOff(rest);
    this.#afterTurn(() =>
      this.#meter.finish((reading) => this.#resolve(this.#toEnded(reading, broken)), broken === null),
    );
  }

  /** The client gets every byte that came and then sees what we saw: a connection that ends too early. */
  #breakOff(rest: Buffer | null): void {
    const outgoing = this.#outgoing;
    if (rest !== null) outgoing.write(rest);
    if (outgoing.socket === null) outgoing.destroy();
    else outgoing.socket.destroySoon();
  }

  #toEnded(reading: MeterReading, broken: Error | null): Ended {
    const { permit } = this.#attempted;
    const answer = this.#answer;
    const { atMs } = permit.routed.accepted;
    const how = this.#howEnded(reading, broken);
    return {
      permit,
      status: answer.status,
      how,
      tokens: toTokens(reading.usage),
      usageKnown: isKnown(reading.usage),
      latencyMs: this.#lastMs - atMs,
      streamMs: answer.isEventStream ? this.#lastMs - this.#firstMs : null,
      ttftMs: reading.firstDeltaMs === null ? null : reading.firstDeltaMs - atMs,
      errType: errType(answer.status, how, reading.errorType),
      requestId: answer.requestId,
      rejection: this.#attempted.judgement.rejection,
    };
  }

  #howEnded(reading: MeterReading, broken: Error | null): EndedHow {
    if (this.#clientGone) return 'cancelled';
    if (this.#timedOut) return 'timeout';
    if (this.#answer.isEventStream && reading.errorType !== null) return 'error_in_stream';
    if (broken !== null) return 'truncated';
    return this.#answer.isEventStream && this.#answer.status < 300 && !reading.finished ? 'truncated' : 'complete';
  }
}

/** Node refuses a reason phrase outside Latin-1, which some providers send; it carries no meaning (RFC 9112 §4). */
function reasonPhrase({ status, statusText }: UpstreamAnswer): string {
  return /^[\t\x20-\x7e\x80-\xff]*$/.test(statusText) ? statusText : (STATUS_CODES[status] ?? '');
}

/** A short body joins the head in one write when both are text; Latin-1 maps every byte to itself. */
const SHORT_BYTES = 8 * 1024;

function endWith(outgoing: ServerResponse, rest: Buffer | null): void {
  if (rest === null) outgoing.end();
  else if (rest.length <= SHORT_BYTES) outgoing.end(rest.toString('latin1'), 'latin1');
  else outgoing.end(rest);
}

/** The error class of the log: "", 401, 429, 4xx, 5xx as the originals wrote them, or what went wrong after a 200. */
function errType(status: number, how: EndedHow, streamError: string | null): string {
  if (status === 401 || status === 429 || status === 529) return String(status);
  if (status >= 500) return '5xx';
  if (status >= 400) return '4xx';
  switch (how) {
    case 'timeout':
      return 'idle_timeout';
    case 'error_in_stream':
      return streamError ?? 'stream_error';
    case 'truncated':
      return 'stream_error';
    case 'cancelled':
      return 'client_gone';
    case 'complete':
    case 'failed':
      return '';
    default:
      return how satisfies never;
  }
}
