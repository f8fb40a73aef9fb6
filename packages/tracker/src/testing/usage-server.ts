import { createServer } from 'node:http';
import type { UsageSample } from '@ccp/contracts';
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

export interface Listing {
  /** Turns as the server has them now. */
  readonly samples: () => readonly UsageSample[];
  /** Turns per page; a real shim is asked for more than a test has. */
  readonly page?: number;
  /** The server's clock, epoch seconds. */
  readonly nowTs?: () => number;
}

/**
 * A real HTTP server that answers `GET /v1/usage` with what `reply` gives for the n-th request; null: never. It lists
 * turns at `/v1/usage/samples` when told to, as an older shim does not. Closed when the test ends.
 */
export async function serveUsage(
  reply: (nth: number) => Reply | null,
  port = 0,
  listing: Listing | null = NO_TURNS,
): Promise<UsageServer> {
  let count = 0;
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '', 'http://127.0.0.1');
    if (url.pathname === '/v1/usage/samples' && listing !== null) {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(pageOf(url, listing)));
      return;
    }
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

const NO_TURNS: Listing = { samples: () => [] };

function pageOf(url: URL, { samples, page = 1_000, nowTs = () => Date.now() / 1000 }: Listing): object {
  const since = Number(url.searchParams.get('since') ?? 0);
  const from = Number(url.searchParams.get('cursor') ?? 0);
  const all = samples().filter(({ ts }) => ts >= since);
  const shown = all.slice(from, from + page);
  const models: Record<string, UsageSample[]> = {};
  for (const sample of shown) (models[sample.model] ??= []).push(sample);
  return { ts: nowTs(), models, next_cursor: from + page < all.length ? String(from + page) : null };
}
