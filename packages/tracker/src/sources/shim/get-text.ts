import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { IncomingMessage } from 'node:http';
import { keyHeader } from './shim-key.ts';

export interface Answer {
  readonly status: number;
  readonly text: string;
}

/** The answer is no usage document, whatever it is; stop before it fills the memory. */
export class TooLarge extends Error {
  readonly limitBytes = LIMIT_BYTES;
}

const LIMIT_BYTES = 16 * 2 ** 20;

/**
 * GET over a connection of its own. Deliberately not `fetch`: that follows redirects, also off the machine, and can be
 * made to use a proxy by the environment.
 */
export async function getText(url: URL, signal: AbortSignal): Promise<Answer> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    request(url, { agent: false, signal, headers: { accept: 'application/json', ...keyHeader() } }, resolve)
      .on('error', reject)
      .end();
  });
  const limited = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      received += chunk.length;
      done(received > LIMIT_BYTES ? new TooLarge() : null, chunk);
    },
  });
  let received = 0;
  const [body] = await Promise.all([text(limited), pipeline(response, limited, { signal })]);
  return { status: response.statusCode ?? 0, text: body };
}
