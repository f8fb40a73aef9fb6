import { request } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { Broken } from './rule.ts';

export interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** Called with each piece of the body. */
  readonly onData?: (piece: Buffer) => void;
  readonly signal?: AbortSignal;
  /** Ends the exchange, and breaks the rule, after so long. */
  readonly withinMs?: number;
}

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** False: the connection ended before the body did. */
  readonly isWhole: boolean;
}

/** The gateway under test, asked over a connection of its own each time, with headers as given and no more. */
export interface Gateway {
  readonly url: URL;
  readonly ask: (path: string, asked?: Asked) => Promise<Reply>;
}

const LONGEST_MS = 10_000;

/** `headers` go with every request, for gateways that ask for a key. */
export function gatewayAt(url: URL, headers: Readonly<Record<string, string>>): Gateway {
  return { url, ask: (path, asked = {}) => ask(url, path, { ...asked, headers: { ...headers, ...asked.headers } }) };
}

function ask(base: URL, path: string, asked: Asked): Promise<Reply> {
  const { method = 'GET', headers = {}, body, onData, signal, withinMs = LONGEST_MS } = asked;
  const prefix = base.pathname.replace(/\/+$/, '');
  return new Promise((resolve, reject) => {
    const sent = request({
      host: base.hostname.replace(/^\[|\]$/g, ''),
      port: base.port || 80,
      // Not through URL: dot segments have to arrive as they are.
      path: `${prefix}${path}`,
      method,
      headers: { ...(body !== undefined && { 'content-length': Buffer.byteLength(body) }), ...headers },
      agent: false,
      signal,
    });
    const timer = setTimeout(() => sent.destroy(new Broken(`nothing came within ${withinMs} ms`)), withinMs);
    sent.once('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    sent.once('response', (answer) => {
      collect(answer, onData).then((reply) => {
        clearTimeout(timer);
        resolve(reply);
      }, reject);
    });
    sent.end(body);
  });
}

async function collect(answer: IncomingMessage, onData: Asked['onData']): Promise<Reply> {
  const pieces: Buffer[] = [];
  let isWhole = true;
  try {
    for await (const piece of answer as AsyncIterable<Buffer>) {
      pieces.push(piece);
      onData?.(piece);
    }
  } catch (error) {
    if (error instanceof Broken) throw error;
    isWhole = false;
  }
  return {
    status: answer.statusCode ?? 0,
    headers: answer.headers,
    body: Buffer.concat(pieces),
    isWhole: isWhole && answer.complete,
  };
}
