import { createParser } from 'eventsource-parser';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SseTap } from './sse-tap.ts';
import { mergeUsage, noUsage } from './usage-fields.ts';

const usageValue = fc.option(fc.nat(500_000), { nil: undefined });
const usageObject = fc.record(
  {
    input_tokens: usageValue,
    output_tokens: usageValue,
    cache_read_input_tokens: usageValue,
    cache_creation_input_tokens: fc.option(fc.nat(9000), { nil: null }),
  },
  { requiredKeys: [] },
);
const event = fc.oneof(
  usageObject.map((usage) => ({ type: 'message_start', message: { id: 'm', usage } })),
  usageObject.map((usage) => ({ type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage })),
  fc
    .string({ unit: 'grapheme' })
    .map((text) => ({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } })),
  fc.constant({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }),
  fc.constant({ type: 'ping' }),
  fc.constant({ type: 'message_stop' }),
  fc.constantFrom('overloaded_error', 'api_error').map((type) => ({ type: 'error', error: { type, message: 'x' } })),
  fc.record({ type: fc.constant('unheard_of'), usage: usageObject }),
);
const style = fc.record({
  ending: fc.constantFrom('\n', '\r\n', '\r'),
  named: fc.boolean(),
  space: fc.boolean(),
  comment: fc.boolean(),
  multiline: fc.boolean(),
});

type Style = { ending: string; named: boolean; space: boolean; comment: boolean; multiline: boolean };

function write(data: { type: string }, { ending, named, space, comment, multiline }: Style): string {
  const gap = space ? ' ' : '';
  const lines = [];
  if (comment) lines.push(': keep-alive');
  if (named) lines.push(`event:${gap}${data.type}`);
  const text = multiline ? JSON.stringify(data, null, 1) : JSON.stringify(data);
  for (const line of text.split('\n')) lines.push(`data:${gap}${line}`);
  return lines.map((line) => line + ending).join('') + ending;
}

/** The same facts from a full parser. */
function oracle(text: string): {
  usage: ReturnType<typeof noUsage>;
  delta: boolean;
  stop: boolean;
  error: string | null;
} {
  const facts = { usage: noUsage(), delta: false, stop: false, error: null as string | null };
  const parser = createParser({
    onEvent: ({ data }) => {
      const value = JSON.parse(data) as {
        type: string;
        message?: { usage: unknown };
        usage?: unknown;
        error?: { type: string };
      };
      if (value.type === 'message_start') mergeUsage(facts.usage, value.message?.usage);
      if (value.type === 'message_delta') mergeUsage(facts.usage, value.usage);
      if (value.type === 'content_block_delta') facts.delta = true;
      if (value.type === 'message_stop') facts.stop = true;
      if (value.type === 'error') facts.error = value.error?.type ?? null;
    },
  });
  parser.feed(text);
  // It waits after a final CR for a possible LF; the start of a comment ends the wait and changes nothing else.
  parser.feed(':\n');
  return facts;
}

function cut(bytes: Buffer, at: readonly number[]): Buffer[] {
  const places = [...new Set(at.map((place) => place % (bytes.length + 1)))].toSorted((a, b) => a - b);
  const pieces: Buffer[] = [];
  let from = 0;
  for (const place of [...places, bytes.length]) {
    pieces.push(bytes.subarray(from, place));
    from = place;
  }
  return pieces;
}

function read(pieces: readonly Buffer[]): {
  usage: ReturnType<typeof noUsage>;
  delta: boolean;
  stop: boolean;
  error: string | null;
} {
  const tap = new SseTap();
  for (const [index, piece] of pieces.entries()) tap.feed(Buffer.from(piece), index);
  return { usage: tap.usage, delta: tap.firstDeltaMs !== null, stop: tap.sawStop, error: tap.errorType };
}

describe('SseTap', () => {
  it('agrees with a full parser for any events, line endings and cuts', () => {
    fc.assert(
      fc.property(
        fc.array(event, { maxLength: 12 }),
        style,
        fc.array(fc.nat(), { maxLength: 40 }),
        fc.boolean(),
        (events, how, cuts, tail) => {
          const text =
            events.map((data) => write(data, how)).join('') +
            (tail ? 'event: message_stop\ndata: {"type":"message_stop"}\n' : '');
          const bytes = Buffer.from(text);
          expect(read(cut(bytes, cuts))).toEqual(oracle(text));
        },
      ),
      { numRuns: 5000 },
    );
  });

  it('agrees with a full parser byte by byte', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 6 }), style, (events, how) => {
        const text = events.map((data) => write(data, how)).join('');
        const bytes = Buffer.from(`\ufeff${text}`);
        expect(read([bytes.subarray(0, 3), ...[...bytes.subarray(3)].map((byte) => Buffer.from([byte]))])).toEqual(
          oracle(text),
        );
      }),
      { numRuns: 300 },
    );
  });

  it('takes the last count a provider names, so zeros at the start do not stay', () => {
    const text = [
      write(
        { type: 'message_start', message: { usage: { input_tokens: 0, output_tokens: 0 } } } as { type: string },
        PLAIN,
      ),
      write({ type: 'message_delta', usage: { input_tokens: 41, output_tokens: 7 } } as { type: string }, PLAIN),
      write({ type: 'message_delta', usage: { output_tokens: 9 } } as { type: string }, PLAIN),
    ].join('');
    expect(read([Buffer.from(text)]).usage).toEqual({ input: 41, output: 9, cacheWrite: null, cacheRead: null });
  });

  it('keeps nothing of a long delta that arrives in many pieces', () => {
    const tap = new SseTap();
    tap.feed(Buffer.from('event: content_block_delta\ndata: {"type":"content_block_delta","x":"'), 1);
    const before = process.memoryUsage().arrayBuffers;
    for (let index = 0; index < 2000; index += 1) tap.feed(Buffer.alloc(64 * 1024, 0x61), 2);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(200 * 1024 * 1024);
    tap.feed(Buffer.from('"}\n\n'), 3);
    expect(tap.firstDeltaMs).toBe(3);
  });
});

const PLAIN: Style = { ending: '\n', named: true, space: true, comment: false, multiline: false };
