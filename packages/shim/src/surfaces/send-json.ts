import type { ServerResponse } from 'node:http';

/**
 * Sends a JSON text as pieces, past the library's response object, which would copy all of it twice into new memory: of
 * a large answer that is most of the work.
 */
export function sendJson(outgoing: ServerResponse, parts: readonly Uint8Array[]): void {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  outgoing.writeHead(200, {
    'content-type': 'application/json',
    'content-length': length,
    'cache-control': 'no-store',
  });
  outgoing.cork();
  for (const part of parts) outgoing.write(part);
  outgoing.end();
  outgoing.uncork();
}
