import type { IncomingMessage, ServerResponse } from 'node:http';
import { parseBehaviour } from './behaviour.ts';
import type { Books } from './books.ts';
import { BehaviourError } from './checks.ts';
import { errorBody, errorFields } from './error-body.ts';
import type { Behaviour } from './script.ts';

export interface Controlled {
  readonly name: string;
  readonly books: Books;
  readonly play: (behaviour: Behaviour) => void;
}

/** `GET /__books` and `POST /__behaviour`: for tests that run the simulator as a process. Loopback clients only. */
export function serveControl(request: IncomingMessage, response: ServerResponse, controlled: Controlled): void {
  const door = `${request.method ?? ''} ${(request.url ?? '').split('?', 1)[0] ?? ''}`;
  if (!isLoopback(request.socket.remoteAddress)) return refuse(response, 403, 'only from this machine');
  if (door === 'GET /__books') {
    const { books, name } = controlled;
    return reply(
      response,
      200,
      JSON.stringify({ name, mode: books.mode, totals: books.totals(), entries: books.entries() }),
    );
  }
  if (door !== 'POST /__behaviour') return refuse(response, 404, `${door} is not part of this simulator`);
  readText(request, (text) => {
    if (text === undefined) return refuse(response, 413, `a behaviour may have ${String(LIMIT_BYTES)} bytes`);
    const problem = replace(text, controlled.play);
    if (problem === undefined) reply(response, 200, '{"ok":true}');
    else refuse(response, 400, problem);
  });
}

const LIMIT_BYTES = 1_048_576;

/** @returns what is wrong with the text, or undefined once it is played. */
function replace(text: string, play: (behaviour: Behaviour) => void): string | undefined {
  try {
    play(parseBehaviour(JSON.parse(text)));
    return undefined;
  } catch (error) {
    if (error instanceof BehaviourError || error instanceof SyntaxError) return error.message;
    throw error;
  }
}

function readText(request: IncomingMessage, done: (text: string | undefined) => void): void {
  const chunks: Buffer[] = [];
  let bytes = 0;
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= LIMIT_BYTES) chunks.push(chunk);
  });
  request.on('end', () => done(bytes > LIMIT_BYTES ? undefined : Buffer.concat(chunks).toString('utf8')));
}

function isLoopback(address: string | undefined): boolean {
  return address !== undefined && (address === '::1' || /^(?:::ffff:)?127\./u.test(address));
}

function refuse(response: ServerResponse, status: number, message: string): void {
  reply(response, status, errorBody(errorFields(status, { message }), undefined));
}

function reply(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
  response.end(body);
}
