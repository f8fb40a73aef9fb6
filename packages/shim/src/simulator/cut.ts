import { promisify } from 'node:util';
import { brotliCompress, constants, createBrotliCompress, createDeflate, createGzip, deflate, gzip } from 'node:zlib';
import type { ContentEncoding, Split } from './script.ts';

/** Bytes of one socket write: as the client reads them, and with their HTTP/1.1 chunk frame around. */
export interface Piece {
  readonly bytes: Buffer;
  readonly framed: Buffer;
}

/** `bytes` must not be empty: an empty chunk ends the answer. Framing once and writing one Buffer costs a third less per event than letting node:http frame each write. */
export function piece(bytes: Buffer): Piece {
  return { bytes, framed: Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, CRLF]) };
}

export const CHUNKED_END = Buffer.from('0\r\n\r\n');

/** Cuts what is due at one moment into writes; `random` draws from `next` (0 to 1). */
export function cut(events: readonly Buffer[], split: Split, next: () => number): Piece[] {
  if (split === 'event') return events.filter((event) => event.length > 0).map((event) => piece(event));
  const bytes = Buffer.concat(events);
  if (split === 'coalesce') return slices(bytes, () => COALESCED_BYTES);
  if (split === 'byte') return slices(bytes, () => 1);
  if (split === 'random') return slices(bytes, () => 1 + Math.floor(next() ** 3 * RANDOM_BYTES));
  return slices(bytes, () => split);
}

/** A small seeded generator (mulberry32): the cuts of a run can be repeated. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Compresses a stream so that every event can be decoded as soon as its last byte has arrived. */
export async function encodeEvents(events: readonly Buffer[], encoding: ContentEncoding): Promise<Buffer[]> {
  const coder = encoding === 'br' ? createBrotliCompress() : encoding === 'gzip' ? createGzip() : createDeflate();
  const flush = encoding === 'br' ? constants.BROTLI_OPERATION_FLUSH : constants.Z_SYNC_FLUSH;
  let collected: Buffer[] = [];
  coder.on('data', (chunk: Buffer) => collected.push(chunk));
  const take = (): Buffer => {
    const taken = Buffer.concat(collected);
    collected = [];
    return taken;
  };
  const encoded: Buffer[] = [];
  for (const event of events) {
    coder.write(event);
    await new Promise<void>((resolve) => {
      coder.flush(flush, resolve);
    });
    encoded.push(take());
  }
  const ended = new Promise((resolve) => coder.once('end', resolve));
  coder.end();
  await ended;
  const trailer = take();
  const last = encoded.pop();
  encoded.push(last === undefined ? trailer : Buffer.concat([last, trailer]));
  return encoded;
}

export async function encodeWhole(body: Buffer, encoding: ContentEncoding): Promise<Buffer> {
  return coders[encoding](body);
}

const CRLF = Buffer.from('\r\n');
const COALESCED_BYTES = 65_536;
const RANDOM_BYTES = 400;
const coders = { gzip: promisify(gzip), br: promisify(brotliCompress), deflate: promisify(deflate) };

function slices(bytes: Buffer, size: () => number): Piece[] {
  const pieces: Piece[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = at + size();
    pieces.push(piece(bytes.subarray(at, end)));
    at = end;
  }
  return pieces;
}
