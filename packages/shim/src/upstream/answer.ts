import type { Failure } from '../failure.ts';

/** A failure of the upstream's, the client's leaving, or an answer nobody needs any more. */
export type AbortReason = Failure | 'client' | 'unneeded';

/** An upstream's end-to-end headers (flat name, value list), and the few facts of them the shim needs. */
export interface ResponseHead {
  readonly headers: string[];
  readonly contentType: string;
  readonly contentEncoding: string;
  readonly requestId: string | null;
}

/** Who takes the body once the head is on its way to the client. */
export interface BodySink {
  /** Called at least once per arrival; bytes wait in `take()`. */
  onBytes(): void;
  /** The body is over: cleanly (null) or because the connection broke or was aborted. */
  onEnd(broken: Error | null): void;
}

/**
 * One answer of an upstream while nothing of it has been relayed: its head, and the body bytes that have arrived.
 * Then a sink is attached and the body flows. Bytes that arrive in one tick are handed over together.
 */
export class UpstreamAnswer {
  status = 0;
  statusText = '';
  /** Flat name, value list; end-to-end headers only. */
  headers: string[] = [];
  contentType = '';
  contentEncoding = '';
  requestId: string | null = null;
  ended = false;
  broken: Error | null = null;
  /** Set by us before aborting, so that an abort explains itself. */
  abortedBy: AbortReason | null = null;

  #chunks: Buffer[] = [];
  #bytes = 0;
  #sink: BodySink | null = null;
  #abort: ((reason?: Error) => void) | null = null;
  #resume: (() => void) | null = null;
  #paused = false;
  #abortWanted = false;

  get isEventStream(): boolean {
    return this.contentType.startsWith('text/event-stream');
  }

  get bufferedBytes(): number {
    return this.#bytes;
  }

  /** All bytes that arrived and were not taken yet, as one buffer; null when there are none. */
  take(): Buffer | null {
    const [first] = this.#chunks;
    if (first === undefined) return null;
    const taken = this.#chunks.length === 1 ? first : Buffer.concat(this.#chunks, this.#bytes);
    this.#chunks = [];
    this.#bytes = 0;
    return taken;
  }

  /** The same bytes without taking them. */
  peek(): Buffer {
    const [first] = this.#chunks;
    if (first === undefined) return EMPTY;
    if (this.#chunks.length > 1) this.#chunks = [Buffer.concat(this.#chunks, this.#bytes)];
    return this.#chunks[0] ?? EMPTY;
  }

  attach(sink: BodySink): void {
    this.#sink = sink;
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#resume?.();
  }

  /** Ends the attempt: the connection is closed, the sink (if any) hears `onEnd`. Harmless when it is over. */
  abort(by: AbortReason): void {
    if (this.ended) return;
    this.abortedBy ??= by;
    this.#abortWanted = true;
    this.#abort?.(new AbortedError());
  }

  // What the transport calls.

  connected(abort: (reason?: Error) => void): void {
    this.#abort = abort;
    if (this.#abortWanted) abort(new AbortedError());
  }

  open(status: number, statusText: string, head: ResponseHead, resume: () => void): void {
    this.status = status;
    this.statusText = statusText;
    this.headers = head.headers;
    this.contentType = head.contentType;
    this.contentEncoding = head.contentEncoding;
    this.requestId = head.requestId;
    this.#resume = resume;
  }

  /** False asks the transport to stop reading. */
  received(chunk: Buffer): boolean {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    this.#sink?.onBytes();
    return !this.#paused;
  }

  finished(broken: Error | null): void {
    if (this.ended) return;
    this.ended = true;
    this.broken = broken;
    this.#sink?.onEnd(broken);
  }
}

export class AbortedError extends Error {
  override readonly name = 'AbortedError';
}

const EMPTY = Buffer.alloc(0);
