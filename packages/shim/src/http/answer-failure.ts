import type { ServerResponse } from 'node:http';
import { FAILURES, type Failure } from '../failure.ts';

/**
 * The only place where a failure becomes a response. The shape is Anthropic's own, because clients act on the type.
 * `ownHeaders` is a flat name, value list.
 */
export function answerFailure(outgoing: ServerResponse, reason: Failure, ownHeaders: readonly string[] = []): void {
  if (outgoing.headersSent || outgoing.destroyed) return;
  const { status, type } = FAILURES[reason.code];
  const requestId = valueOf(ownHeaders, 'request-id');
  const body = JSON.stringify({
    type: 'error',
    error: { type, message: reason.message },
    ...(requestId !== null && { request_id: requestId }),
  });
  const headers = [
    'content-type',
    'application/json',
    'content-length',
    String(Buffer.byteLength(body)),
    'cache-control',
    'no-store',
    ...Object.entries(reason.headers ?? {}).flat(),
    ...ownHeaders,
  ];
  const { req } = outgoing;
  if (req.complete) {
    outgoing.writeHead(status, headers);
    outgoing.end(body);
    return;
  }
  // The rest of the body is unread. Node closes the connection as soon as an answer that says "close" is ended, and a
  // client that still writes then sees a broken pipe instead of the answer: so it is whole now, but ended when the body is.
  outgoing.writeHead(status, [...headers, 'connection', 'close']);
  outgoing.write(body);
  const lingering = setTimeout(() => req.destroy(), LINGER_MS).unref();
  req.once('close', () => {
    clearTimeout(lingering);
    outgoing.end();
  });
  req.resume();
}

/** A client that goes on writing for longer is cut off. */
const LINGER_MS = 5_000;

function valueOf(headers: readonly string[], name: string): string | null {
  const at = headers.indexOf(name);
  return at < 0 ? null : (headers[at + 1] ?? null);
}
