import { createServer } from 'node:http';
import type { IncomingHttpHeaders, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import type { UploadAnswer } from '@ccp/contracts';
import { onTestFinished } from 'vitest';

export interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** As it came out of gzip. */
  readonly body: string;
}

export interface AggregateServer {
  readonly url: string;
  /** Every request, in order. */
  readonly requests: readonly Received[];
  /** Ids that were taken, each as often as it was. */
  readonly taken: readonly string[];
}

/** Answers a request itself and says so; false: as an aggregator does. */
export type Mood = (nth: number, response: ServerResponse, received: Received) => boolean;

/** A real HTTP server that takes uploads as an aggregator does, when it is in the mood. Closed when the test ends. */
export async function serveAggregate(mood: Mood = () => false): Promise<AggregateServer> {
  const requests: Received[] = [];
  const taken: string[] = [];
  const seqs = new Set<number>();
  const server: Server = createServer((incoming, response) => {
    void (async () => {
      const packed = await buffer(incoming).catch(() => null);
      if (packed === null) return;
      const received = {
        path: incoming.url ?? '',
        headers: incoming.headers,
        body: gunzipSync(packed).toString('utf8'),
      };
      requests.push(received);
      if (mood(requests.length, response, received)) return;
      const entries = entriesOf(received);
      const isNew = entries.filter(({ id }) => !taken.includes(id));
      for (const { id } of isNew) taken.push(id);
      for (const { seq } of entries) seqs.add(seq);
      let acked = 0;
      while (seqs.has(acked + 1)) acked += 1;
      const answer: UploadAnswer = {
        accepted: isNew.length,
        duplicates: entries.length - isNew.length,
        acked_seq: acked,
        missing: [],
      };
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests, taken };
}

function entriesOf({ path, headers, body }: Received): readonly { readonly id: string; readonly seq: number }[] {
  if (path === '/v1/metrics') return [{ id: String(headers['idempotency-key']), seq: Number(headers['x-ccp-seq']) }];
  return (JSON.parse(body) as { events: { id: string; seq: number }[] }).events;
}
