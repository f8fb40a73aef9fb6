import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Usage } from '@ccp/contracts';

export interface UsageServer extends AsyncDisposable {
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

/** A real HTTP server that answers `GET /v1/usage` with what `reply` gives for the n-th request; null: never. */
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
  return {
    url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    requests: () => count,
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** A usage document with one model, in which `reqs` tells answers apart. */
export function usageWith(reqs: number, epoch = 'c0ffee01'): Usage {
  return {
    usage_schema: 'v1',
    ts: 1_893_456_000 + reqs,
    epoch,
    models: {
      'claude-sonnet-4-5': {
        provider: 'anthropic',
        rolling_in: 1000 * reqs,
        rolling_out: 100 * reqs,
        rolling_pct: 0.42,
        weekly_pct: 0,
        reqs,
        warn: false,
        block: false,
        speeds: {
          rolling: {
            out_elr_tps: 40,
            out_dirty_tps: 30,
            in_elr_tps: 1,
            in_dirty_tps: 1,
            total_elr_tps: 41,
            total_dirty_tps: 31,
          },
        },
      },
    },
  };
}
