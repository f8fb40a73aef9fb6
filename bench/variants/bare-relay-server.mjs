// node:http in, undici dispatch out, bytes through, the chunks of one tick in one write, back-pressure. Nothing else:
// no routing, no metering, no quota, no log. The body is buffered, as a proxy that may retry must.
import { createServer } from 'node:http';
import { Pool } from 'undici';

const pool = new Pool(`http://127.0.0.1:${process.argv[2]}`, {
  connections: null,
  pipelining: 1,
  headersTimeout: 0,
  bodyTimeout: 0,
});
const NOT_FORWARDED = new Set(['host', 'connection', 'content-length', 'transfer-encoding']);

const server = createServer({ noDelay: true }, (incoming, outgoing) => {
  const chunks = [];
  incoming.on('data', (chunk) => chunks.push(chunk));
  incoming.on('end', () => {
    const body = chunks.length === 1 ? chunks[0] : Buffer.concat(chunks);
    const headers = forwarded(incoming.rawHeaders);
    pool.dispatch({ path: incoming.url ?? '/', method: 'POST', headers, body }, relayTo(outgoing));
  });
});
server.keepAliveTimeout = 300_000;
server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () => {
  process.stdout.write(`${JSON.stringify({ port: /** @type {any} */ (server.address()).port })}\n`);
});

function relayTo(outgoing) {
  let waiting = [];
  let resume = () => undefined;
  let flowing = true;
  let abort = () => undefined;
  const flush = () => {
    if (waiting.length === 0) return;
    const bytes = waiting.length === 1 ? waiting[0] : Buffer.concat(waiting);
    waiting = [];
    if (outgoing.write(bytes)) return;
    flowing = false;
    outgoing.once('drain', () => {
      flowing = true;
      resume();
    });
  };
  const onClose = () => abort();
  outgoing.once('close', onClose);
  return {
    onConnect: (stop) => (abort = stop),
    onHeaders: (status, raw, more) => {
      resume = more;
      outgoing.sendDate = false;
      outgoing.writeHead(
        status,
        forwarded(
          raw.map((part) => part.toString('latin1')),
          true,
        ),
      );
      return true;
    },
    onData: (chunk) => {
      if (waiting.push(chunk) === 1) process.nextTick(flush);
      return flowing;
    },
    onComplete: () => {
      outgoing.off('close', onClose);
      const rest = waiting.length === 1 ? waiting[0] : Buffer.concat(waiting);
      waiting = [];
      outgoing.end(rest);
    },
    onError: () => outgoing.destroy(),
  };
}

function forwarded(raw, keepLength = false) {
  const headers = [];
  for (let index = 0; index < raw.length; index += 2) {
    const lower = raw[index].toLowerCase();
    if (!NOT_FORWARDED.has(lower) || (keepLength && lower === 'content-length'))
      headers.push(raw[index], raw[index + 1]);
  }
  return headers;
}
