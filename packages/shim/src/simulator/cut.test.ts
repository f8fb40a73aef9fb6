import { constants, createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cut, encodeEvents, seeded } from './cut.ts';
import type { Split } from './script.ts';

const events = fc.array(fc.uint8Array({ minLength: 1, maxLength: 600 }), { minLength: 1, maxLength: 12 });

describe('cutting', () => {
  test('loses and adds nothing, never makes an empty piece, frames each with its length', () => {
    const splits = fc.oneof(
      fc.constantFrom<Split>('event', 'byte', 'random', 'coalesce'),
      fc.integer({ min: 1, max: 900 }),
    );
    fc.assert(
      fc.property(events, splits, fc.nat(), (arrays, split, seed) => {
        const buffers = arrays.map((one) => Buffer.from(one));
        const pieces = cut(buffers, split, seeded(seed));
        expect(Buffer.concat(pieces.map(({ bytes }) => bytes)).equals(Buffer.concat(buffers))).toBe(true);
        for (const { bytes, framed } of pieces) {
          expect(bytes.length).toBeGreaterThan(0);
          expect(framed.toString('latin1')).toBe(`${bytes.length.toString(16)}\r\n${bytes.toString('latin1')}\r\n`);
        }
      }),
    );
  });

  test('random cuts repeat with their seed and differ without', () => {
    const sizes = (seed: number): number[] =>
      cut([Buffer.alloc(5000)], 'random', seeded(seed)).map(({ bytes }) => bytes.length);
    expect(sizes(1)).toEqual(sizes(1));
    expect(sizes(1)).not.toEqual(sizes(2));
  });
});

test.each(['gzip', 'br', 'deflate'] as const)(
  '%s: what has arrived of an event stream can be read',
  async (encoding) => {
    const plain = Array.from({ length: 40 }, (_, n) =>
      Buffer.from(`event: e${String(n)}\ndata: ${'x'.repeat(n * 97)}\n\n`),
    );
    const encoded = await encodeEvents(plain, encoding);
    expect(encoded).toHaveLength(plain.length);
    for (const count of [1, 2, 17, 40]) {
      const coder = {
        gzip: () => createGunzip({ finishFlush: constants.Z_SYNC_FLUSH }),
        br: () => createBrotliDecompress({ finishFlush: constants.BROTLI_OPERATION_FLUSH }),
        deflate: () => createInflate({ finishFlush: constants.Z_SYNC_FLUSH }),
      }[encoding]();
      coder.end(Buffer.concat(encoded.slice(0, count)));
      let decoded = '';
      for await (const chunk of coder) decoded += String(chunk);
      expect(decoded).toBe(Buffer.concat(plain.slice(0, count)).toString());
    }
  },
);
