// One request over a socket of its own, and what came of it.
import { connect } from 'node:net';

/** How long a server may think about a request it has whole. A busy machine needs some of it. */
const PATIENCE_MS = 20_000;
/** How long to wait after which it is told that no more comes. */
const UNFINISHED_MS = 60;
/** What is read of an answer; a stream of events has no end. */
const ENOUGH_BYTES = 4_096;
const LINGER_MS = 40;

/** @returns {Promise<{ status: number | null, text: string, timedOut: boolean }>} null: closed without an answer */
export function send(port, { bytes, isWhole }) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    let text = '';
    let linger = null;
    const patience = setTimeout(() => settle(isWhole), PATIENCE_MS);
    const unfinished = isWhole ? null : setTimeout(() => socket.end(), UNFINISHED_MS);
    const given = isWhole ? null : setTimeout(() => settle(false), UNFINISHED_MS * 5);
    function settle(timedOut) {
      for (const timer of [patience, unfinished, given, linger]) clearTimeout(timer);
      socket.destroy();
      const [, status] = /^HTTP\/1\.1 (\d{3})/u.exec(text.replace(/^HTTP\/1\.1 100 [^\n]*\r\n\r\n/u, '')) ?? [];
      resolve({ status: status === undefined ? null : Number(status), text, timedOut });
    }
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      if (text.startsWith('HTTP/1.1 100') && !text.includes('\r\n\r\nHTTP')) return;
      if (text.length > ENOUGH_BYTES) settle(false);
      else if (text.includes('\r\n\r\n')) linger ??= setTimeout(() => settle(false), LINGER_MS);
    });
    socket.on('close', () => settle(false));
    socket.on('error', () => undefined);
    socket.write(bytes);
  });
}
