import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { startRig } from './testing/rig.ts';

interface Scripted {
  readonly pieces: readonly Buffer[];
  readonly usage: {
    readonly input: number;
    readonly output: number;
    readonly cacheWrite: number;
    readonly cacheRead: number;
  };
}

/** 10,000 streams: this many runs of this many at a time. */
const RUNS = 250;
const AT_ONCE = 40;

const tokens = fc.nat(200_000);
const usage = fc.record({ input: tokens, output: tokens, cacheWrite: tokens, cacheRead: tokens });
const text = fc.string({ unit: 'grapheme', maxLength: 40 });
const filler = fc.oneof(
  text.map((value) => ({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: value } })),
  text.map((value) => ({
    type: 'content_block_delta',
    index: 1,
    delta: { type: 'input_json_delta', partial_json: value },
  })),
  fc.constant({ type: 'ping' }),
  fc.constant({ type: 'never_heard_of', usage: { input_tokens: 1 } }),
);

/** A whole message in random wording, cut at random places: inside UTF-8, between CR and LF, inside events. */
const stream = fc
  .record({
    usage,
    zeroStart: fc.boolean(),
    events: fc.array(filler, { maxLength: 8 }),
    ending: fc.constantFrom('\n', '\r\n', '\r'),
    cuts: fc.array(fc.nat(), { maxLength: 30 }),
    everyByte: fc.boolean(),
  })
  .map(({ usage: spent, zeroStart, events, ending, cuts, everyByte }): Scripted => {
    const counted = {
      input_tokens: spent.input,
      cache_creation_input_tokens: spent.cacheWrite,
      cache_read_input_tokens: spent.cacheRead,
    };
    const start = {
      type: 'message_start',
      message: { usage: { ...(zeroStart ? { input_tokens: 0 } : counted), output_tokens: 1 } },
    };
    const delta = {
      type: 'message_delta',
      delta: { stop_reason: 'end_turn' },
      usage: { ...(zeroStart ? counted : {}), output_tokens: spent.output },
    };
    const all = [start, ...events, delta, { type: 'message_stop' }];
    const bytes = Buffer.from(
      all.map((data) => `event: ${data.type}${ending}data: ${JSON.stringify(data)}${ending}${ending}`).join(''),
    );
    const places =
      everyByte && bytes.length < 600 ? bytes.map((_, index) => index) : cuts.map((cut) => cut % bytes.length);
    return { pieces: slices(bytes, [...places]), usage: spent };
  });

function slices(bytes: Buffer, places: readonly number[]): Buffer[] {
  const edges = [0, ...new Set(places), bytes.length].toSorted((a, b) => a - b);
  return edges
    .slice(1)
    .map((edge, index) => bytes.subarray(edges[index], edge))
    .filter((piece) => piece.length > 0);
}

/** Serves what the request's path names, one write per piece, each in a turn of the loop of its own. */
async function provider(scripts: Map<string, Scripted>): Promise<Server & AsyncDisposable> {
  const server = createServer((incoming, outgoing) => {
    incoming.resume();
    outgoing.socket?.setNoDelay(true);
    outgoing.writeHead(200, { 'content-type': 'text/event-stream' });
    const pieces = [
      ...(scripts.get(new URL(incoming.url ?? '/', 'http://x').searchParams.get('script') ?? '')?.pieces ?? []),
    ];
    const next = (): void => {
      const piece = pieces.shift();
      if (piece === undefined) outgoing.end();
      else outgoing.write(piece, () => setImmediate(next));
    };
    next();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return Object.assign(server, {
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}

describe('10,000 generated streams', () => {
  it('reach the client byte for byte, with exact usage, however they are cut', async () => {
    const scripts = new Map<string, Scripted>();
    await using server = await provider(scripts);
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await using rig = await startRig({ lanes: { anthropic: { base_url: base } } });
    const sums = { input: 0, output: 0, cache_write: 0, cache_read: 0 };
    let streams = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(stream, { minLength: AT_ONCE, maxLength: AT_ONCE }), async (batch) => {
        await Promise.all(
          batch.map(async (scripted) => {
            const name = String((streams += 1));
            scripts.set(name, scripted);
            const reply = await rig.ask({ path: `/v1/messages?script=${name}`, model: 'm' });
            scripts.delete(name);
            expect(reply.whole).toBe(true);
            expect(reply.body.equals(Buffer.concat(scripted.pieces))).toBe(true);
            sums.input += scripted.usage.input;
            sums.output += scripted.usage.output;
            sums.cache_write += scripted.usage.cacheWrite;
            sums.cache_read += scripted.usage.cacheRead;
          }),
        );
        expect((await rig.usage()).models['m']?.tokens?.session).toEqual(sums);
      }),
      { numRuns: RUNS, endOnFailure: true },
    );
    expect(streams).toBe(RUNS * AT_ONCE);
    expect((await rig.usage()).models['m']?.events).toMatchObject({ truncated: 0, cancelled: 0, errors: 0 });
  }, 300_000);
});
