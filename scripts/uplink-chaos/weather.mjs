// Stands between tracker and aggregator and spoils what passes: down, 500, 429, slow, cut before, within and after.
import { createServer, request } from 'node:http';
import { once } from 'node:events';

const KINDS = ['clear', 'clear', 'error', 'busy', 'slow', 'cut_before', 'cut_within', 'cut_after'];

export async function startWeather({ random, target }) {
  const counts = {};
  let clear = false;
  const pass = async (incoming, outgoing) => {
    incoming.on('error', () => undefined);
    outgoing.on('error', () => undefined);
    const kind = clear ? 'clear' : KINDS[Math.floor(random() * KINDS.length)];
    counts[kind] = (counts[kind] ?? 0) + 1;
    if (kind === 'cut_before') return incoming.socket.destroy();
    if (kind === 'error') return outgoing.writeHead(500).end('{"error":{"message":"a bad day"}}');
    if (kind === 'busy') return outgoing.writeHead(429, { 'retry-after': '0' }).end();
    const parts = [];
    for await (const part of incoming) parts.push(part);
    const body = Buffer.concat(parts);
    const half = kind === 'cut_within';
    const headers = { ...incoming.headers, host: new URL(target()).host };
    const upstream = request(target(), { path: incoming.url, method: incoming.method, headers, agent: false });
    upstream.on('error', () => incoming.socket.destroy());
    if (half) {
      // The aggregator sees the beginning of a body and then nobody.
      upstream.write(body.subarray(0, Math.floor(body.length / 2)), () => {
        upstream.destroy();
        incoming.socket.destroy();
      });
      return undefined;
    }
    upstream.end(body);
    const answered = await once(upstream, 'response').catch(() => null);
    if (answered === null) return incoming.socket.destroy();
    const [answer] = answered;
    const texts = [];
    for await (const text of answer) texts.push(text);
    // It was taken, and nobody hears of it.
    if (kind === 'cut_after') return incoming.socket.destroy();
    if (kind === 'slow') await new Promise((resolve) => setTimeout(resolve, 50 + random() * 300));
    outgoing.writeHead(answer.statusCode, answer.headers);
    outgoing.end(Buffer.concat(texts));
    return undefined;
  };
  const server = createServer((incoming, outgoing) => {
    // A tracker that is killed takes its half of the connection with it.
    pass(incoming, outgoing).catch(() => incoming.socket.destroy());
  });
  let port = 0;
  const up = async () => {
    await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
    ({ port } = server.address());
  };
  await up();
  return {
    url: `http://127.0.0.1:${port}`,
    counts,
    up,
    down: async () => {
      counts.down = (counts.down ?? 0) + 1;
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
    clear: () => (clear = true),
  };
}
