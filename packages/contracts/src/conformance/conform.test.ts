import { createServer, request as ask } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { conform } from './conform.ts';
import { gatewayAt } from './gateway.ts';
import { startStandInProvider } from './stand-in-provider.ts';
import type { StandInProvider } from './stand-in-provider.ts';

let provider: StandInProvider;
let relay: Server;
beforeEach(async () => {
  provider = await startStandInProvider(0);
});
afterEach(async () => {
  relay.closeAllConnections();
  await new Promise((resolve) => relay.close(resolve));
  await provider.close();
});

type Handler = (request: IncomingMessage, body: Buffer, answer: ServerResponse) => void;

/** The rules that do not hold for a gateway that works like this. */
async function broken(handler: Handler): Promise<readonly string[]> {
  relay = createServer((request, answer) => {
    const pieces: Buffer[] = [];
    let length = 0;
    request.on('data', (piece: Buffer) => {
      length += piece.length;
      if (length <= 32 * 1024 * 1024) pieces.push(piece);
    });
    request.once('end', () => {
      if (length > 32 * 1024 * 1024) answer.writeHead(413).end();
      else handler(request, Buffer.concat(pieces), answer);
    });
  });
  await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve));
  const gateway = gatewayAt(new URL(`http://127.0.0.1:${(relay.address() as AddressInfo).port}`), {});
  const results = await conform({ gateway, provider, model: 'm' }, ['gateway'], () => undefined);
  return results.filter(({ result }) => result !== 'pass').map(({ id }) => id);
}

/** Passes everything on as it is. */
const faithful: Handler = (request, body, answer) => {
  if (request.method === 'POST' && !isJson(body)) {
    const refusal = { type: 'error', error: { type: 'invalid_request_error', message: 'no JSON' } };
    return void answer.writeHead(400).end(JSON.stringify(refusal));
  }
  const up = ask(
    { port: provider.port, path: request.url, method: request.method, headers: request.headers, agent: false },
    (given) => {
      answer.writeHead(given.statusCode ?? 502, given.headers);
      given.pipe(answer);
      given.once('error', () => answer.destroy());
    },
  );
  answer.once('close', () => up.destroy());
  up.once('error', () => answer.destroy());
  up.end(body);
};

function isJson(body: Buffer): boolean {
  try {
    JSON.parse(body.toString());
    return true;
  } catch {
    return false;
  }
}

describe('the rules for gateways', () => {
  it('all hold for a relay that changes nothing', async () => {
    expect(await broken(faithful)).toEqual([]);
  });

  it('notice a gateway that reads, writes anew, buffers and words errors by itself', async () => {
    const careless: Handler = (request, body, answer) => {
      const up = ask(
        {
          port: provider.port,
          path: '/v1/messages',
          method: request.method,
          headers: { 'content-type': 'application/json', 'x-api-key': 'its own' },
          agent: false,
        },
        (given) => {
          const pieces: Buffer[] = [];
          given.on('data', (piece: Buffer) => pieces.push(piece));
          given.once('error', () => undefined);
          given.once('close', () => {
            const text = Buffer.concat(pieces).toString();
            if ((given.statusCode ?? 0) >= 400) answer.writeHead(500).end('{"message":"upstream failed"}');
            else answer.writeHead(200).end(text.replaceAll('\r\n', '\n').replace(/: a comment\n\n/, ''));
          });
        },
      );
      up.once('error', () => answer.writeHead(502).end());
      up.end(isJson(body) ? JSON.stringify(JSON.parse(body.toString())) : body);
    };
    expect(await broken(careless)).toEqual(
      expect.arrayContaining([
        'request.query',
        'request.body',
        'request.header.anthropic-beta',
        'request.header.x-claude-code-agent-id',
        'request.credential',
        'stream.bytes',
        'stream.type',
        'stream.live',
        'stream.cut',
        'stream.abort',
        'answer.json',
        'error.prompt-too-long',
        'error.429',
        'error.529',
        'answer.rate-headers',
        'request.bad-json',
      ]),
    );
  }, 40_000);

  it('notice a gateway that ends a broken stream with events of its own', async () => {
    const inventive: Handler = (request, body, answer) => {
      const up = ask(
        { port: provider.port, path: request.url, method: request.method, headers: request.headers, agent: false },
        (given) => {
          answer.writeHead(given.statusCode ?? 502, given.headers);
          given.on('data', (piece: Buffer) => answer.write(piece));
          given.once('error', () => undefined);
          given.once('close', () => answer.end(given.complete ? '' : 'event: message_stop\ndata: {}\n\n'));
        },
      );
      up.once('error', () => answer.writeHead(502).end());
      answer.once('close', () => up.destroy());
      up.end(body);
    };
    expect(await broken(inventive)).toContain('stream.cut');
  });

  it('are not tried where nobody plays the provider', async () => {
    relay = createServer((_request, answer) => void answer.end());
    await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve));
    const gateway = gatewayAt(new URL(`http://127.0.0.1:${(relay.address() as AddressInfo).port}`), {});
    const results = await conform({ gateway, provider: null, model: 'm' }, ['gateway', 'http'], () => undefined);
    expect(results.find(({ id }) => id === 'stream.bytes')).toMatchObject({ result: 'not-tried' });
    expect(results.find(({ id }) => id === 'http.v1.usage')).toMatchObject({ result: 'fail' });
  });
});
