import { request as requestPlain } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { request as requestTls } from 'node:https';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { systemErrorCode } from '../problem.ts';
import type { Batch } from './batch.ts';
import type { Reply } from './judge.ts';

export interface Destination {
  /** Base URL. */
  readonly url: URL;
  readonly key: string;
  /** Days after which the content of events is to be forgotten; null: as the aggregator does. */
  readonly retainDays: number | null;
}

/** A request that takes longer has failed; it is sent again and counts once. */
const TIMEOUT_MS = 15_000;
const MOST_ANSWER_BYTES = 1024 * 1024;
const pack = promisify(gzip);

/**
 * Sends one request over a connection of its own. No redirects, no proxy of the environment: it goes to the address the
 * user has named or nowhere. Never rejects but for a fault of ours.
 */
export async function post(batch: Batch, destination: Destination, signal: AbortSignal): Promise<Reply> {
  const { url, key, retainDays } = destination;
  const body = await pack(batch.body);
  const limit = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]);
  const target = new URL(`${url.pathname.replace(/\/$/, '')}${batch.path}`, url);
  const headers = {
    ...batch.headers,
    ...(retainDays !== null && { 'x-ccp-retain-days': String(retainDays) }),
    authorization: `Bearer ${key}`,
    'content-type': 'application/json',
    'content-encoding': 'gzip',
    'content-length': body.length,
  };
  try {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const send = target.protocol === 'https:' ? requestTls : requestPlain;
      send(target, { method: 'POST', agent: false, signal: limit, headers }, resolve).on('error', reject).end(body);
    });
    return {
      status: response.statusCode ?? 0,
      retryAfter: response.headers['retry-after'],
      text: await limited(response),
    };
  } catch (error) {
    if (limit.aborted)
      return { status: 0, reason: signal.aborted ? 'it was stopped' : `no answer within ${TIMEOUT_MS / 1000} s` };
    const code = systemErrorCode(error);
    if (code === undefined && !(error instanceof Error && error.message === TOO_LONG)) throw error;
    return { status: 0, reason: code ?? TOO_LONG };
  }
}

const TOO_LONG = 'its answer has no end';

async function limited(response: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of response as AsyncIterable<Buffer>) {
    parts.push(part);
    bytes += part.length;
    if (bytes > MOST_ANSWER_BYTES) throw new Error(TOO_LONG);
  }
  return Buffer.concat(parts).toString('utf8');
}
