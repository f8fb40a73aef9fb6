import { createHash } from 'node:crypto';
import type { Hash } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { Writable } from 'node:stream';
import { CHUNKED_END } from './cut.ts';
import type { Piece } from './cut.ts';

export type CutHow = 'eof' | 'close' | 'reset';

/** The way out of one answer. Counts, and if asked hashes, the body bytes it hands to the socket. */
export class Outlet {
  readonly response: ServerResponse;
  bytes = 0;
  status = 0;
  /** Ended early because the script says so. */
  cutShort = false;
  private readonly hash: Hash | undefined;
  private sink: Writable;

  constructor(response: ServerResponse, hashed: boolean) {
    this.response = response;
    this.sink = response;
    this.hash = hashed ? createHash('sha256') : undefined;
  }

  /** A complete answer with its content-length. */
  whole(status: number, headers: readonly string[], body: Buffer): void {
    this.status = status;
    this.count(body);
    this.response.writeHead(status, [...headers, 'content-length', String(body.length)]);
    // A string leaves together with the head in one plain write; a Buffer would take a gathering one.
    if (body.length <= SMALL_BYTES) this.response.end(body.toString('latin1'), 'latin1');
    else this.response.end(body);
  }

  /** Sends the 200 head of an answer of unknown length. */
  open(headers: readonly string[]): void {
    this.status = 200;
    this.response.writeHead(200, [...headers, 'transfer-encoding', 'chunked']);
    this.response.flushHeaders();
    // From here on the pieces carry their own frames; a response queued behind another one has no socket yet.
    this.response.chunkedEncoding = false;
    this.sink = this.response.socket ?? this.response;
  }

  /** @returns false when the client reads too slowly: wait for {@link whenDrained}. */
  write(piece: Piece): boolean {
    if (this.sink.destroyed) return false;
    this.count(piece.bytes);
    return this.sink.write(piece.framed);
  }

  whenDrained(resume: () => void): void {
    this.sink.once('drain', resume);
  }

  /** Holds what is written until the call it returns, so that head and events leave in one system call. */
  cork(): () => void {
    const socket = this.response.socket;
    if (socket === null) return () => undefined;
    socket.cork();
    return () => socket.uncork();
  }

  finish(): void {
    if (this.sink.destroyed) return;
    // Ending only after the last byte is out keeps "finished" from being said of a client that left before.
    if (this.sink.writableLength > 0) this.sink.write(CHUNKED_END, (error) => void (error ?? this.response.end()));
    else {
      this.sink.write(CHUNKED_END);
      this.response.end();
    }
  }

  cut(how: CutHow): void {
    this.cutShort = true;
    if (how === 'eof') return this.finish();
    const socket = this.response.socket;
    if (socket === null) return void this.response.destroy();
    // What was written before goes out first: a reset throws away what the kernel has not yet taken.
    const destroy = (): void => void (how === 'reset' ? socket.resetAndDestroy() : socket.destroy());
    if (socket.writableLength > 0) socket.write('', destroy);
    else destroy();
  }

  digest(): string {
    return this.hash?.digest('hex') ?? '';
  }

  private count(bytes: Buffer): void {
    this.bytes += bytes.length;
    this.hash?.update(bytes);
  }
}

const SMALL_BYTES = 8192;
