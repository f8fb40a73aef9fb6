import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request as it reached the provider. */
export interface Received {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

/** What the provider does with the next request for a turn. */
export type Behaviour = (request: Received, answer: ServerResponse) => void | Promise<void>;

/** A provider of the Messages API, played by a rule. */
export interface StandInProvider {
  readonly port: number;
  /** Requests since the behaviour was set. */
  readonly received: () => readonly Received[];
  /** From now on. What is not a turn (a probe, a list of models) is answered by itself. */
  readonly behave: (behaviour: Behaviour) => void;
  readonly close: () => Promise<void>;
}

/** Listens on loopback. Rejects when the port is taken. */
export async function startStandInProvider(port: number): Promise<StandInProvider> {
  let behaviour: Behaviour = answerTurn;
  let received: Received[] = [];
  const server = createServer((request, answer) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.once('end', () => {
      const one: Received = {
        method: request.method ?? '',
        target: request.url ?? '',
        headers: request.headers,
        body: Buffer.concat(pieces),
      };
      received.push(one);
      Promise.resolve(isTurn(one) ? behaviour(one, answer) : answerRest(one, answer)).catch((error: unknown) =>
        answer.destroy(error as Error),
      );
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    received: () => received,
    behave: (next) => {
      behaviour = next;
      received = [];
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

function isTurn({ method, target }: Received): boolean {
  return method === 'POST' && /\/v1\/messages(\?|$)/.test(target);
}

function answerRest({ method, target }: Received, answer: ServerResponse): void {
  const body = target.includes('count_tokens')
    ? '{"input_tokens":3}'
    : target.includes('/v1/models')
      ? MODELS
      : method === 'HEAD'
        ? ''
        : '{}';
  answer.writeHead(200, { 'content-type': 'application/json' }).end(body);
}

const MODELS = JSON.stringify({
  data: [{ type: 'model', id: 'claude-sonnet-4-5', display_name: 'Sonnet', created_at: '2025-09-29T00:00:00Z' }],
  has_more: false,
  first_id: 'claude-sonnet-4-5',
  last_id: 'claude-sonnet-4-5',
});

const USAGE = '"usage":{"input_tokens":3,"output_tokens":1}';

/** Events of one short turn, as a provider writes them. */
export const TURN_EVENTS: readonly string[] = [
  `event: message_start\ndata: {"type":"message_start","message":{"id":"msg_01","type":"message","role":"assistant","content":[],"model":"m","stop_reason":null,"stop_sequence":null,${USAGE}}}\n\n`,
  'event: content_block_start\ndata: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}\n\n',
  'event: ping\ndata: {"type": "ping"}\n\n',
  'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Grüße 🌱"}}\n\n',
  'event: content_block_stop\ndata: {"type":"content_block_stop","index":0}\n\n',
  'event: message_delta\ndata: {"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":5}}\n\n',
  'event: message_stop\ndata: {"type":"message_stop"}\n\n',
];

export const TURN_JSON = `{"id":"msg_01","type":"message","role":"assistant","model":"m","content":[{"type":"text","text":"hi"}],"stop_reason":"end_turn","stop_sequence":null,${USAGE}}`;

export const EVENT_STREAM = { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' };

/** A plain turn, streamed where it was asked for. */
export function answerTurn({ body }: Received, answer: ServerResponse): void {
  if (/"stream"\s*:\s*true/.test(body.toString())) answer.writeHead(200, EVENT_STREAM).end(TURN_EVENTS.join(''));
  else answer.writeHead(200, { 'content-type': 'application/json' }).end(TURN_JSON);
}

/** Always this answer. */
export function answering(status: number, headers: Readonly<Record<string, string>>, body: string): Behaviour {
  return (_request, answer) => void answer.writeHead(status, headers).end(body);
}
