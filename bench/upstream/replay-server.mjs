// The upstream of every variant, in its own process: repeats recorded answers over raw sockets. The model name in the
// request says which. Started by start-upstream.mjs, which sends the answers as its first message.
import { createServer } from 'node:net';
import { Pacer } from './pacer.mjs';
import { RequestReader } from './request-reader.mjs';

process.once('message', (/** @type {{ json: string, events: string[] }} */ answers) => {
  const play = createPlayer(answers);
  const server = createServer({ noDelay: true }, (socket) => {
    const reader = new RequestReader((model) => play(model, socket));
    socket.on('data', (chunk) => reader.feed(chunk));
    socket.on('error', () => socket.destroy());
  });
  server.listen(0, '127.0.0.1', 4096, () => process.send?.({ port: /** @type {any} */ (server.address()).port }));
});

function createPlayer({ json, events }) {
  const jsonAnswer = Buffer.from(
    `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nrequest-id: req_bench_1\r\ncontent-length: ${Buffer.byteLength(json)}\r\n\r\n${json}`,
  );
  // Every event is an HTTP chunk of its own, as providers send them.
  const burst = Buffer.concat([STREAM_HEAD, ...events.map(httpChunk), LAST_CHUNK]);
  const pacer = new Pacer();
  const opening = Buffer.concat([STREAM_HEAD, ...events.slice(0, 3).map(httpChunk)]);
  const delta = httpChunk(events[3] ?? '');
  const flood = httpChunk((events[3] ?? '').repeat(400));
  return (model, socket) => {
    switch (model) {
      case 'bench-burst':
        socket.write(burst);
        return;
      case 'bench-paced':
        socket.write(opening);
        pacer.hold(socket, delta);
        return;
      case 'bench-flood':
        socket.write(STREAM_HEAD);
        pour(socket, flood);
        return;
      default:
        socket.write(jsonAnswer);
    }
  };
}

const STREAM_HEAD = Buffer.from(
  'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ncache-control: no-cache\r\nrequest-id: req_bench_1\r\ntransfer-encoding: chunked\r\n\r\n',
);
const LAST_CHUNK = Buffer.from('0\r\n\r\n');

function httpChunk(text) {
  return Buffer.from(`${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`);
}

/** As fast as it is taken, for the reader that stalls; at most 400 MB. */
function pour(socket, block) {
  let left = 400 * 2 ** 20;
  const more = () => {
    while (!socket.destroyed && left > 0) {
      left -= block.length;
      if (!socket.write(block)) return;
    }
    socket.end(LAST_CHUNK);
  };
  socket.on('drain', more);
  more();
}
