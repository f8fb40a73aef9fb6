import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { meterFor, type MeterReading } from './body-meter.ts';
import { mergeUsage, noUsage } from './usage-fields.ts';

const ENCODERS = {
  '': (bytes: Buffer) => bytes,
  gzip: gzipSync,
  deflate: deflateSync,
  br: brotliCompressSync,
} as const;
const encodings = Object.keys(ENCODERS) as (keyof typeof ENCODERS)[];

function readingOf(
  contentType: string,
  encoding: string,
  chunks: readonly Buffer[],
  isWhole = false,
): Promise<MeterReading> {
  const meter = meterFor(contentType, encoding);
  for (const [index, chunk] of chunks.entries()) meter.feed(chunk, index);
  return new Promise((resolve) => meter.finish(resolve, isWhole));
}

/** Pieces at arbitrary places, empty ones as well. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const at = [0, ...places.map((place) => place % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length];
  return at.slice(1).map((end, index) => bytes.subarray(at[index], end));
}

const places = fc.array(fc.nat(), { maxLength: 12 });
const count = fc.option(fc.nat(900_000), { nil: undefined });
const usage = fc.record(
  { input_tokens: count, output_tokens: count, cache_read_input_tokens: count, cache_creation_input_tokens: count },
  { requiredKeys: [] },
);

describe('a JSON answer', () => {
  const shape = fc.dictionary(
    fc.oneof(fc.constantFrom('usage', 'content', 'us\\u0061ge', 'id', '__proto__'), fc.string()),
    fc.oneof(usage, fc.jsonValue()),
  );
  const document = fc.oneof({ weight: 4, arbitrary: shape }, { weight: 1, arbitrary: fc.jsonValue() });

  it('is read as JSON.parse reads it, in any encoding and any pieces', async () => {
    await fc.assert(
      fc.asyncProperty(
        document,
        fc.constantFrom(undefined, 1, '\t'),
        fc.constantFrom(...encodings),
        places,
        fc.boolean(),
        async (value, space, encoding, at, isWhole) => {
          // Keys may be escaped in the text.
          const text = JSON.stringify(value, null, space).replaceAll('\\\\u0061', '\\u0061');
          const chunks = cut(ENCODERS[encoding](Buffer.from(text)), at);
          const reading = await readingOf('application/json', encoding, chunks, isWhole);
          const parsed = JSON.parse(text) as { usage?: unknown } | null;
          const expected = noUsage();
          mergeUsage(expected, parsed?.usage);
          expect(reading).toEqual({ usage: expected, firstDeltaMs: null, finished: true, errorType: null });
        },
      ),
      { numRuns: 400 },
    );
  });

  it.each([
    ['nothing', ''],
    ['text', '<html>502</html>'],
    ['half a document', '{"usage":{"input_tokens":5}'],
    ['a list', '[{"usage":{"input_tokens":5}}]'],
    ['null', 'null'],
    ['usage that is no object', '{"usage":5}'],
  ])('that is %s has no known usage', async (_name, text) => {
    expect((await readingOf('application/json', '', [Buffer.from(text)])).usage).toEqual(noUsage());
  });

  it.each(['gzip', 'br', 'deflate', 'zstd', 'nonsense'])(
    'that is not %s as it says has no known usage',
    async (encoding) => {
      const plain = Buffer.from('{"usage":{"input_tokens":5,"output_tokens":6}}');
      expect((await readingOf('application/json', encoding, [plain])).usage).toEqual(noUsage());
      const damaged = gzipSync(plain);
      damaged.writeUInt8(damaged.readUInt8(14) ^ 0xff, 14);
      expect((await readingOf('application/json', encoding, [damaged])).usage).toEqual(noUsage());
    },
  );

  it.each([
    ['in a text', '{"usage":{"input_tokens":1},"content":"\\"usage\\":{\\"input_tokens\\":2}"}', 1],
    ['at the end of a text', '{"usage":{"input_tokens":1},"content":"a\\"usage"}', 1],
    ['of something deeper', '{"usage":{"input_tokens":1},"content":[{"input":{"usage":{"input_tokens":2}}}]}', 1],
    ['of something deeper, only', '{"content":[{"input":{"usage":{"input_tokens":2}}}]}', null],
    ['as a value', '{"usage":{"input_tokens":1},"name":"usage"}', 1],
    ['twice', '{"usage":{"input_tokens":1},"usage":{"input_tokens":2}}', 2],
    ['again, escaped', '{"usage":{"input_tokens":1},"us\\u0061ge":{"input_tokens":2}}', 2],
    ['before the rest', ' { "usage" : {"input_tokens":1} , "id" : "m" , "stop" : [1, {"a": 2}] } ', 1],
  ])('does not mistake usage %s', async (_what, text, input) => {
    for (const isWhole of [false, true])
      expect((await readingOf('application/json', '', [Buffer.from(text)], isWhole)).usage.input).toBe(input);
  });

  it('that ends like many before it is read as JSON.parse reads it, whatever its numbers are', async () => {
    const number = fc.oneof(
      { weight: 8, arbitrary: fc.nat(2_000_000).map(String) },
      fc.constantFrom('0', '-1', '1.5', '2e3', '07', '999999999999999', '1234567890123456', 'null', '"9"', '1 '),
    );
    const numbers = fc.array(number, { minLength: 6, maxLength: 6 });
    const behind = fc.constantFrom(
      '',
      ',"stop_reason":"end 5"',
      ',"usage":{"input_tokens":3}',
      ',"a":{"usage":4}',
      ' ',
    );
    const tail = fc
      .tuple(numbers, behind)
      .map(([[input, write, read, five, hour, output], rest]) =>
        [
          `"usage":{"input_tokens":${input},"cache_creation_input_tokens":${write},"cache_read_input_tokens":${read}`,
          `"cache_creation":{"ephemeral_5m_input_tokens":${five},"ephemeral_1h_input_tokens":${hour}}`,
          `"output_tokens":${output},"service_tier":"standard"}${rest}}`,
        ].join(','),
      );
    const before = fc.oneof(
      { weight: 8, arbitrary: fc.constantFrom('{"id":"msg_1",', '{"content":[{"text":"usage"}],', '{') },
      fc.constantFrom(' {"id":1,', '{"id":"\\', '[{"id":1},', '{"a":{"id":1},"b":[{', '{"id":1;', '{"id":1,\\'),
    );
    await fc.assert(
      fc.asyncProperty(before, tail, async (head, end) => {
        const text = `${head}${end}`;
        const expected = noUsage();
        try {
          const parsed = JSON.parse(text) as { usage?: unknown };
          if (!Array.isArray(parsed)) mergeUsage(expected, parsed.usage);
        } catch {
          // What is no JSON is not looked at closely, only where the counts are.
          return;
        }
        expect((await readingOf('application/json', '', [Buffer.from(text)], true)).usage).toEqual(expected);
      }),
      { numRuns: 3_000 },
    );
  });

  it('that was cut off behind something deeper has no known usage', async () => {
    const text = '{"content":[{"input":{"usage":{"input_tokens":2}}';
    expect((await readingOf('application/json', '', [Buffer.from(text)], false)).usage).toEqual(noUsage());
  });

  it('takes the last of equal keys, as JSON.parse does', async () => {
    const text = '{"usage":{"input_tokens":1},"usage":{"input_tokens":2}}';
    expect((await readingOf('application/json', '', [Buffer.from(text)])).usage.input).toBe(2);
  });
});

describe('an event stream', () => {
  const filler = fc.string({ unit: 'grapheme', maxLength: 200 });
  const stream = fc
    .record({ start: usage, end: usage, texts: fc.array(filler, { maxLength: 20 }), stops: fc.boolean() })
    .map(({ start, end, texts, stops }) => {
      const events: { type: string }[] = [
        { type: 'message_start', ...{ message: { usage: start } } },
        ...texts.map((text) => ({ type: 'content_block_delta', delta: { type: 'text_delta', text } })),
        { type: 'message_delta', ...{ usage: end } },
        ...(stops ? [{ type: 'message_stop' }] : []),
      ];
      const expected = noUsage();
      mergeUsage(expected, start);
      mergeUsage(expected, end);
      const text = events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join('');
      return { text, expected, stops, hasDelta: texts.length > 0 };
    });

  it('is read in any encoding and any pieces', async () => {
    await fc.assert(
      fc.asyncProperty(stream, fc.constantFrom(...encodings), places, async (made, encoding, at) => {
        const chunks = cut(ENCODERS[encoding](Buffer.from(made.text)), at);
        const reading = await readingOf('text/event-stream; charset=utf-8', encoding, chunks);
        expect(reading).toMatchObject({ usage: made.expected, finished: made.stops, errorType: null });
        expect(reading.firstDeltaMs !== null).toBe(made.hasDelta);
      }),
      { numRuns: 300 },
    );
  });

  const whole = Buffer.from(
    `event: message_start\ndata: {"type":"message_start","message":{"usage":{"input_tokens":9,"output_tokens":1}}}\n\n${'event: ping\ndata: {"type":"ping"}\n\n'.repeat(50)}event: message_delta\ndata: {"type":"message_delta","usage":{"output_tokens":40}}\n\n`,
  );

  it.each(['gzip', 'deflate', 'br', 'zstd'])(
    'that is not %s as it says ends without a throw, usage unknown',
    async (encoding) => {
      const chunks = cut(whole, [1, 7, 100, 500]);
      expect(await readingOf('text/event-stream', encoding, chunks)).toEqual({
        usage: noUsage(),
        firstDeltaMs: null,
        finished: false,
        errorType: null,
      });
    },
  );

  it('that is damaged on the way ends without a throw, wherever the damage is', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        fc.constantFrom('gzip', 'br', 'deflate'),
        places,
        async (place, flip, encoding, at) => {
          const bytes = Buffer.from(ENCODERS[encoding as 'gzip'](whole));
          const index = place % bytes.length;
          bytes.writeUInt8(bytes.readUInt8(index) ^ flip, index);
          const reading = await readingOf('text/event-stream', encoding, cut(bytes, at));
          expect(reading.finished).toBe(false);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('that breaks off keeps what was reported until then', async () => {
    for (const encoding of ['gzip', 'deflate'] as const) {
      const bytes = ENCODERS[encoding](whole);
      const reading = await readingOf('text/event-stream', encoding, [bytes.subarray(0, bytes.length - 12)]);
      expect([encoding, reading.usage.input]).toEqual([encoding, 9]);
    }
  });

  it('in no encoding at all and without a byte says nothing', async () => {
    for (const encoding of ['', 'identity', 'gzip', 'br', 'deflate'])
      expect(await readingOf('text/event-stream', encoding, [])).toMatchObject({ usage: noUsage(), finished: false });
  });
});
