import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A path → what is answered: an object as JSON, a text as it is, a number as an empty answer with that status. */
export type Answers = Readonly<Record<string, object | string | number>>;

export interface SurfaceServer extends AsyncDisposable {
  readonly url: string;
  /** Requests so far, as `GET /v1/usage`. */
  readonly asked: readonly string[];
  readonly port: number;
}

/** Stands in for a shim of another version, or for another program. A path it has no answer for is never answered. */
export async function serveAnswers(answers: Answers, port = 0): Promise<SurfaceServer> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const [path = ''] = (request.url ?? '').split('?', 1);
    asked.push(`${request.method} ${request.url}`);
    const answer = answers[path];
    if (answer === undefined) return;
    if (typeof answer === 'number') response.writeHead(answer).end();
    else response.writeHead(200).end(typeof answer === 'string' ? answer : JSON.stringify(answer));
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const taken = (server.address() as AddressInfo).port;
  return {
    url: `http://127.0.0.1:${taken}`,
    asked,
    port: taken,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

const FIXTURES = new URL('../../../../fixtures/contracts/v1/valid/', import.meta.url);

/** A valid document both programs are tested against, such as `usage/full`. */
export function fixture(name: string): Record<string, unknown> {
  return JSON.parse(readFileSync(new URL(`${name}.json`, FIXTURES), 'utf8')) as Record<string, unknown>;
}
