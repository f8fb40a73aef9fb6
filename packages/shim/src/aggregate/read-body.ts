import type { IncomingMessage } from 'node:http';
import { createGunzip } from 'node:zlib';

/** What a body may not be. `status` is the answer's. */
export class BodyProblem extends Error {
  override readonly name = 'BodyProblem';
  readonly status: 400 | 413 | 415;

  constructor(status: 400 | 413 | 415, message: string) {
    super(message);
    this.status = status;
  }
}

/** As sent, and as it comes out of the compression: a small body can hold a large one. */
export const MOST_SENT_BYTES = 4 * 1024 * 1024;
export const MOST_BODY_BYTES = 16 * 1024 * 1024;

/** The JSON value of a body, plain or gzip. Rejects with {@link BodyProblem}; a sender that is gone with its own error. */
export async function readJson(incoming: IncomingMessage): Promise<unknown> {
  const encoding = incoming.headers['content-encoding'] ?? 'identity';
  if (encoding !== 'gzip' && encoding !== 'identity')
    throw new BodyProblem(415, `The encoding ${JSON.stringify(encoding)} is not read here. Send gzip, or none.`);
  const text = (await (encoding === 'gzip' ? unpacked(incoming) : bytes(incoming, MOST_SENT_BYTES))).toString('utf8');
  try {
    return JSON.parse(text);
  } catch {
    throw new BodyProblem(400, 'The body is not JSON.');
  }
}

async function unpacked(incoming: IncomingMessage): Promise<Buffer> {
  const packed = await bytes(incoming, MOST_SENT_BYTES);
  const gunzip = createGunzip();
  gunzip.end(packed);
  try {
    return await bytes(gunzip, MOST_BODY_BYTES);
  } catch (error) {
    if (error instanceof BodyProblem) throw error;
    throw new BodyProblem(400, 'The body is not gzip, though it says so.');
  } finally {
    gunzip.destroy();
  }
}

async function bytes(source: AsyncIterable<Buffer>, most: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of source) {
    size += part.length;
    if (size > most) throw new BodyProblem(413, `A body may have ${most} bytes. Send fewer events at once.`);
    parts.push(part);
  }
  return Buffer.concat(parts);
}
