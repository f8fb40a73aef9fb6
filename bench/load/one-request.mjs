import { createHash } from 'node:crypto';
import { connect } from 'node:net';
import { ResponseReader } from './response-reader.mjs';

/**
 * Sends one request and reads its whole answer, to compare bytes. A stream that never ends is read up to `maxBytes`.
 *
 * @returns {Promise<{ status: number, bytes: number, sha256: string, start: string }>}
 */
export function oneRequest({ port, request, maxBytes = Infinity, withinMs = 10_000 }) {
  return new Promise((resolve, reject) => {
    const reader = new ResponseReader();
    const hash = createHash('sha256');
    let bytes = 0;
    let start = '';
    const socket = connect({ host: '127.0.0.1', port, noDelay: true }, () => socket.write(request));
    const finish = () => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ status: reader.status, bytes, sha256: hash.digest('hex'), start });
    };
    const timer = setTimeout(() => fail(new Error(`no whole answer within ${withinMs} ms`)), withinMs);
    reader.onBody = (part) => {
      const kept = part.subarray(0, Math.max(0, maxBytes - bytes));
      hash.update(kept);
      bytes += kept.length;
      if (start.length < 200) start += kept.latin1Slice(0, Math.min(kept.length, 200));
    };
    const fail = (error) => {
      clearTimeout(timer);
      socket.destroy();
      reject(error);
    };
    socket.on('data', (chunk) => {
      try {
        if (reader.feed(chunk) || bytes >= maxBytes) finish();
      } catch (error) {
        fail(error);
      }
    });
    socket.on('error', fail);
    socket.on('close', () => fail(new Error('the connection was closed before the answer was complete')));
  });
}
