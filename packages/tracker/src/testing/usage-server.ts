import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

export interface UsageServer {
  readonly url: URL;
  /** Number of requests so far. */
  requests(): number;
  close(): Promise<void>;
}

export interface Reply {
  readonly status?: number;
  readonly body: string;
  readonly headers?: Record<string, string>;
}

/**
 * A real HTTP server that answers `GET /v1/usage` with what `reply` gives for the n-th request; null: never. Closed when
 * the test ends.
 */
export async function serveUsage(reply: (nth: number) => Reply | null, port = 0): Promise<UsageServer> {
  let count = 0;
  const server = createServer((request, response) => {
    if (request.url !== '/v1/usage' || request.method !== 'GET') {
      response.writeHead(404).end('{}');
      return;
    }
    count += 1;
    const answer = reply(count);
    if (answer === null) return;
    response
      .writeHead(answer.status ?? 200, { 'content-type': 'application/json', ...answer.headers })
      .end(answer.body);
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  };
  onTestFinished(close);
  return {
    url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    requests: () => count,
    close,
  };
}
