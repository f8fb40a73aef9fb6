import { createHash } from 'node:crypto';
import { Agent, request } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib';
import { createParser } from 'eventsource-parser';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import type { BookEntry } from './books.ts';
import { presets } from './presets.ts';
import type { Behaviour, Rule, Split, Turn } from './script.ts';
import { startSimulator } from './simulator.ts';
import type { Simulator, SimulatorOptions } from './simulator.ts';

interface Reply {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
  reads: number;
  /** How the exchange failed on the client's side, if it did. */
  broke: string | undefined;
}

interface Ask {
  stream?: boolean;
  model?: string;
  path?: string;
  method?: string;
  headers?: Record<string, string>;
  body?: string | Uint8Array;
  agent?: Agent;
  /** Leaves once this many body bytes have arrived. */
  leaveAfter?: number;
}

let running: Simulator[] = [];

afterEach(async () => {
  await Promise.all(running.map(async (simulator) => simulator.close()));
  running = [];
});

async function start(behaviour: Behaviour = {}, options: SimulatorOptions = {}): Promise<Simulator> {
  const simulator = await startSimulator({ behaviour, ...options });
  running.push(simulator);
  return simulator;
}

async function ask(simulator: Simulator, given: Ask = {}): Promise<Reply> {
  const { stream = true, model = 'claude-sonnet-4-5', path = '/v1/messages', method = 'POST' } = given;
  const text = JSON.stringify({ model, max_tokens: 64, messages: [{ role: 'user', content: 'hi' }], stream });
  const body = given.body ?? (method === 'POST' ? text : '');
  return new Promise((resolve) => {
    const reply: Reply = { status: 0, headers: {}, body: Buffer.alloc(0), reads: 0, broke: undefined };
    const chunks: Buffer[] = [];
    let bytes = 0;
    const done = (broke?: string): void => resolve({ ...reply, body: Buffer.concat(chunks), broke });
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), ...given.headers };
    const sent = request(simulator.url + path, { method, headers, agent: given.agent ?? false }, (response) => {
      reply.status = response.statusCode ?? 0;
      reply.headers = response.headers;
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        reply.reads += 1;
        bytes += chunk.length;
        if (given.leaveAfter !== undefined && bytes >= given.leaveAfter) sent.destroy();
      });
      response.on('error', (error) => done(String((error as NodeJS.ErrnoException).code)));
      response.on('end', () => done());
    });
    sent.on('error', (error) => done(String((error as NodeJS.ErrnoException).code)));
    sent.end(body);
  });
}

/** The fields of any event or message these tests look at. */
interface Wire {
  type: string;
  index?: number;
  model?: string;
  message?: { id: string; usage: WireUsage };
  usage?: WireUsage;
  content_block?: { type: string; id?: string; name?: string };
  content?: { type: string }[];
  delta?: { type?: string; partial_json?: string; stop_reason?: string | null };
  stop_reason?: string | null;
  error?: { type: string; message: string };
  request_id?: string;
}

interface WireUsage {
  input_tokens?: number;
  output_tokens?: number;
  cache_read_input_tokens?: number;
  cache_creation?: { ephemeral_5m_input_tokens: number; ephemeral_1h_input_tokens: number };
}

interface Seen {
  event: string | undefined;
  data: Wire;
}

function parse(body: Buffer): Seen[] {
  const seen: Seen[] = [];
  const parser = createParser({
    onEvent: ({ event, data }) => seen.push({ event, data: JSON.parse(data) as Wire }),
  });
  parser.feed(body.toString('utf8'));
  return seen;
}

/** What a client counts: start first, then every non-null field of each delta over it. */
function usageOf(events: readonly Seen[]) {
  let wire: WireUsage = {};
  for (const { data } of events) {
    const update = data.message?.usage ?? data.usage ?? {};
    wire = { ...wire, ...Object.fromEntries(Object.entries(update).filter(([, value]) => value !== null)) };
  }
  return usageFromWire(wire);
}

function usageFromWire(wire: WireUsage = {}) {
  return {
    input: wire.input_tokens ?? 0,
    output: wire.output_tokens ?? 0,
    cache_write_5m: wire.cache_creation?.ephemeral_5m_input_tokens ?? 0,
    cache_write_1h: wire.cache_creation?.ephemeral_1h_input_tokens ?? 0,
    cache_read: wire.cache_read_input_tokens ?? 0,
  };
}

/** Usage as counted from a whole answer of either kind. */
function countedIn(reply: Reply) {
  const isStream = reply.headers['content-type']?.startsWith('text/event-stream') === true;
  return isStream ? usageOf(parse(reply.body)) : usageFromWire(jsonOf(reply).usage);
}

function jsonOf(reply: Reply): Wire {
  return JSON.parse(reply.body.toString()) as Wire;
}

const sha256 = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex');
const last = async (simulator: Simulator, count = 1): Promise<BookEntry> =>
  (await simulator.books.settled(count)).at(-1)!;
const usage = { input: 100, output: 77, cache_write_5m: 30, cache_write_1h: 12, cache_read: 500 };
const busyTurn: Turn = { thinking_chunks: 2, text_chunks: 3, tools: 2, chunk_text: 'zażółć 🐢 ', ping_every: 3, usage };
/** Without pings and the pieces of tool input. */
const busySequence = (
  'message_start, start thinking, thinking_delta, thinking_delta, signature_delta, stop, start text, text_delta, ' +
  'text_delta, text_delta, stop, start tool_use, stop, start tool_use, stop, message_delta, message_stop'
).split(', ');
const rule = (then: Rule['then']): Behaviour => ({ turn: { usage, text_chunks: 6 }, rules: [{ then }] });

describe('streams', () => {
  const splits: (Split | undefined)[] = [undefined, 'event', 'byte', 'random', 'coalesce', 7];

  test.each(splits.flatMap((split) => [false, true].map((crlf) => ({ split, crlf }))))(
    'a client reads the same sequence, cut as $split, crlf $crlf',
    async ({ split, crlf }) => {
      const simulator = await start({ turn: { ...busyTurn, crlf, ...(split === undefined ? {} : { split }) } });
      const reply = await ask(simulator);
      const events = parse(reply.body);
      expect(reply.headers['content-type']).toMatch(/^text\/event-stream/u);
      expect(events.every(({ event, data }) => event === data.type)).toBe(true);
      expect(sequence(events).filter((name) => name !== 'ping' && name !== 'input_json_delta')).toEqual(busySequence);
      expect(pingsAfterEvery(3, events)).toBe(true);
      const input = events.filter(({ data }) => data.index === 2).map(({ data }) => data.delta?.partial_json ?? '');
      expect(JSON.parse(input.join(''))).toHaveProperty('command');
      expect(reply.body.includes('\r\n')).toBe(crlf);
      const entry = await last(simulator);
      expect(entry).toMatchObject({ ended: 'finished', status: 200, act: 'turn', usage: usageOf(events) });
      expect(entry.response_sha256).toBe(sha256(reply.body));
      expect(entry.response_bytes).toBe(reply.body.length);
      expect(usageOf(events)).toEqual(usage);
    },
  );

  function pingsAfterEvery(n: number, events: readonly Seen[]): boolean {
    let deltas = 0;
    return events.every(({ data }, at) => {
      if (data.type !== 'content_block_delta') return true;
      deltas += 1;
      return (events[at + 1]?.data.type === 'ping') === (deltas % n === 0);
    });
  }

  test('one event per write and one byte per write reach the client in many reads', async () => {
    const simulator = await start({ turn: { text_chunks: 10, split: 'event' } });
    const byEvent = await ask(simulator);
    simulator.setBehaviour({ turn: { text_chunks: 10, split: 'byte' } });
    const byByte = await ask(simulator);
    simulator.setBehaviour({ turn: { text_chunks: 10 } });
    const atOnce = await ask(simulator);
    expect(byEvent.reads).toBeGreaterThan(atOnce.reads);
    expect(byByte.reads).toBeGreaterThan(byEvent.reads);
    expect(byByte.body.length).toBe(atOnce.body.length);
  });

  test.each(['gzip', 'br', 'deflate'] as const)('%s decodes to the plain stream, event by event', async (encoding) => {
    const decode = { gzip: gunzipSync, br: brotliDecompressSync, deflate: inflateSync }[encoding];
    const simulator = await start({ turn: { ...busyTurn, content_encoding: encoding, pace_ms: 1 } }, { name: 'one' });
    const plain = await start({ turn: busyTurn }, { name: 'one' });
    const reply = await ask(simulator);
    expect(reply.headers['content-encoding']).toBe(encoding);
    expect(decode(reply.body).toString()).toBe((await ask(plain)).body.toString());
    expect((await last(simulator)).response_sha256).toBe(sha256(reply.body));
    const json = await ask(simulator, { stream: false });
    expect(JSON.parse(decode(json.body).toString())).toHaveProperty('stop_reason');
  });

  test('zeros at the start, growing deltas, no names, no request id, left-out and extra events', async () => {
    const turn: Turn = {
      usage,
      text_chunks: 2,
      zero_start: true,
      cumulative_deltas: 3,
      event_names: false,
      no_request_id: true,
      extra_frames: [{ after_event: 1, frame: 'event: novelty\ndata: {"type":\ndata: "novelty"}\n\n' }],
      omit_events: ['ping'],
    };
    const simulator = await start({ turn });
    const reply = await ask(simulator);
    const events = parse(reply.body);
    expect(events[0]?.data.message?.usage).toMatchObject({ input_tokens: 0, output_tokens: 0 });
    expect(events.map(({ event }) => event)).toEqual([
      undefined,
      'novelty',
      ...Array.from({ length: events.length - 2 }),
    ]);
    const deltas = events.filter(({ data }) => data.type === 'message_delta').map(({ data }) => data);
    expect(deltas.map((data) => data.usage?.output_tokens)).toEqual([25, 51, 77]);
    expect(deltas.map((data) => data.delta?.stop_reason)).toEqual([null, null, 'end_turn']);
    expect(reply.headers).not.toHaveProperty('request-id');
    expect(await last(simulator)).toMatchObject({ request_id: null, usage: usageOf(events) });
    expect(usageOf(events)).toEqual(usage);
  });

  test('JSON answers carry the same content and usage, and end with their length', async () => {
    const simulator = await start({ turn: busyTurn });
    const reply = await ask(simulator, { stream: false, model: 'claude-żółw' });
    const message = jsonOf(reply);
    expect(Number(reply.headers['content-length'])).toBe(reply.body.length);
    expect(message.model).toBe('claude-żółw');
    expect(message.content?.map(({ type }) => type)).toEqual(['thinking', 'text', 'tool_use', 'tool_use']);
    expect(message.stop_reason).toBe('tool_use');
    const entry = await last(simulator);
    expect(entry.usage).toEqual(usageFromWire(message.usage));
    expect(entry.response_sha256).toBe(sha256(reply.body));
    expect(entry.request_id).toBe(reply.headers['request-id']);
  });

  test('a paced stream arrives over time, many of them from one ticker', async () => {
    const simulator = await start({ turn: { text_chunks: 10, pace_ms: 5 } });
    const started = performance.now();
    const replies = await Promise.all(Array.from({ length: 20 }, async () => ask(simulator)));
    expect(performance.now() - started).toBeGreaterThan(14 * 5 * 0.8);
    for (const reply of replies) expect(parse(reply.body)).toHaveLength(16);
    expect(Math.min(...replies.map(({ reads }) => reads))).toBeGreaterThan(5);
  });

  test('answers follow each other on one kept-alive connection', async () => {
    const simulator = await start({ turn: { text_chunks: 400 } });
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const replies = [];
    for (let n = 0; n < 5; n += 1) replies.push(await ask(simulator, { agent }));
    agent.destroy();
    expect(new Set(replies.map(({ headers }) => headers['request-id'])).size).toBe(5);
    for (const reply of replies) expect(parse(reply.body).at(-1)?.data.type).toBe('message_stop');
  });

  test('pipelined requests are answered in order', async () => {
    const simulator = await start({ turn: { text_chunks: 3 } });
    const body = '{"model":"claude-x","stream":true}';
    const one = `POST /v1/messages HTTP/1.1\r\nhost: x\r\ncontent-length: ${String(body.length)}\r\n\r\n${body}`;
    const socket = connect(simulator.port, '127.0.0.1');
    socket.write(one + one + one.replace('host: x', 'host: x\r\nconnection: close'));
    let text = '';
    for await (const chunk of socket) text += String(chunk);
    expect(text.match(/HTTP\/1\.1 200 OK/gu)).toHaveLength(3);
    const ids = [...text.matchAll(/"id":"(msg_\w+)"/gu)].map((found) => found[1]);
    expect(ids).toEqual([...ids].toSorted());
    expect(text.match(/message_stop"\}\n\n\r\n0\r\n\r\n/gu)).toHaveLength(3);
  });

  test('same seed, same bytes and cuts; another seed, other ids', async () => {
    const turns = fc.record({
      thinking_chunks: fc.nat(3),
      text_chunks: fc.nat(5),
      tools: fc.nat(2),
      chunk_text: fc.string({ unit: 'grapheme', maxLength: 12 }),
      crlf: fc.boolean(),
      split: fc.constantFrom<Split>('event', 'byte', 'random', 'coalesce', 3),
      cumulative_deltas: fc.integer({ min: 1, max: 3 }),
      stream: fc.boolean(),
    });
    const [one, two] = [await start(), await start()];
    await fc.assert(
      fc.asyncProperty(turns, fc.nat(9), async ({ stream, ...turn }, seed) => {
        one.setBehaviour({ turn, seed });
        two.setBehaviour({ turn, seed });
        const [first, second] = await Promise.all([ask(one, { stream }), ask(two, { stream })]);
        expect(second.body.equals(first.body)).toBe(true);
        expect(second.headers['request-id']).toBe(first.headers['request-id']);
      }),
      { numRuns: 40 },
    );
    two.setBehaviour({ seed: 99 });
    one.setBehaviour({ seed: 98 });
    expect((await ask(two)).body.equals((await ask(one)).body)).toBe(false);
  });
});

function sequence(events: readonly Seen[]): string[] {
  return events.map(({ data }) => {
    if (data.type === 'content_block_start') return `start ${String(data.content_block?.type)}`;
    if (data.type === 'content_block_delta') return String(data.delta?.type);
    return data.type === 'content_block_stop' ? 'stop' : String(data.type);
  });
}

describe('things that go wrong', () => {
  test('error inside a stream comes after the asked number of events and ends it', async () => {
    const simulator = await start(rule({ act: 'error_in_stream', after_events: 5, type: 'overloaded_error' }));
    const reply = await ask(simulator);
    const events = parse(reply.body);
    expect(reply).toMatchObject({ status: 200, broke: undefined });
    expect(events).toHaveLength(6);
    expect(events.at(-1)).toMatchObject({ event: 'error', data: { error: { type: 'overloaded_error' } } });
    expect(await last(simulator)).toMatchObject({ act: 'error_in_stream', ended: 'finished', usage: usageOf(events) });
    const json = await ask(simulator, { stream: false });
    expect(json.status).toBe(529);
    expect(JSON.parse(json.body.toString())).toMatchObject({ error: { type: 'overloaded_error' } });
  });

  test('error first: nothing before it', async () => {
    const simulator = await start(rule({ act: 'error_first', type: 'api_error', message: 'gone' }));
    const events = parse((await ask(simulator)).body);
    expect(events.map(({ data }) => data.error)).toEqual([{ type: 'api_error', message: 'gone' }]);
    expect((await last(simulator)).usage.input).toBe(0);
  });

  test.each(['eof', 'close', 'reset'] as const)('truncated by %s', async (how) => {
    const simulator = await start(rule({ act: 'truncate', after_events: 6, how }));
    const reply = await ask(simulator);
    const events = parse(reply.body);
    expect(events).toHaveLength(6);
    expect(events.at(-1)?.data.type).toBe('content_block_delta');
    expect(reply.broke).toBe(how === 'eof' ? undefined : 'ECONNRESET');
    const entry = await last(simulator);
    expect(entry).toMatchObject({ ended: 'cut', status: 200, act: `truncate:${how}`, usage: usageOf(events) });
    expect(entry.usage.output).toBe(1);
    expect(entry.response_sha256).toBe(sha256(reply.body));
    const json = await ask(simulator, { stream: false });
    expect(() => JSON.parse(json.body.toString()) as unknown).toThrow(SyntaxError);
    expect(json.body.length).toBeGreaterThan(100);
  });

  test('a reset is RST on the wire, a close is FIN', async () => {
    const simulator = await start(rule({ act: 'reset_before_headers' }));
    expect(await rawEnd(simulator)).toEqual({ code: 'ECONNRESET', text: '' });
    simulator.setBehaviour(rule({ act: 'reset_before_headers', how: 'close' }));
    expect(await rawEnd(simulator)).toEqual({ code: 'end', text: '' });
    simulator.setBehaviour(rule({ act: 'close_after_headers' }));
    const closed = await rawEnd(simulator);
    expect(closed.code).toBe('end');
    expect(closed.text).toMatch(/^HTTP\/1\.1 200 OK[^]*\r\n\r\n$/u);
    const entries = await simulator.books.settled(3);
    expect(entries.map(({ ended, status }) => [ended, status])).toEqual([
      ['cut', 0],
      ['cut', 0],
      ['cut', 200],
    ]);
  });

  async function rawEnd(simulator: Simulator): Promise<{ code: string; text: string }> {
    return new Promise((resolve) => {
      const body = '{"model":"claude-x","stream":true}';
      const socket = connect(simulator.port, '127.0.0.1');
      let text = '';
      socket.on('data', (chunk) => (text += chunk.toString()));
      socket.on('end', () => resolve({ code: 'end', text }));
      socket.on('error', (error: NodeJS.ErrnoException) => resolve({ code: String(error.code), text }));
      socket.write(`POST /v1/messages HTTP/1.1\r\nhost: x\r\ncontent-length: ${String(body.length)}\r\n\r\n${body}`);
    });
  }

  test.each(['before_headers', 'after_headers', 'mid_stream'] as const)('silence %s, then the rest', async (where) => {
    const simulator = await start(rule({ act: 'silence', where, after_events: 4, for_ms: 60 }));
    for (const stream of [true, false]) {
      const started = performance.now();
      const reply = await ask(simulator, { stream });
      expect(performance.now() - started).toBeGreaterThan(55);
      expect(countedIn(reply)).toEqual(usage);
    }
    const entries = await simulator.books.settled(2);
    expect(entries.map((entry) => entry.usage)).toEqual([usage, usage]);
  });

  test('silence without end lasts until the client leaves, at a known event', async () => {
    const simulator = await start({
      turn: { usage, text_chunks: 9, pace_ms: 1 },
      rules: [{ then: { act: 'silence', where: 'mid_stream', after_events: 4 } }],
    });
    const asked = request(`${simulator.url}/v1/messages`, { method: 'POST', agent: false });
    asked.on('error', () => undefined);
    asked.end('{"model":"claude-x","stream":true}');
    const seen: Buffer[] = [];
    await new Promise<void>((resolve) => {
      asked.on('response', (response) => {
        response.on('error', () => undefined);
        response.on('data', (chunk: Buffer) => {
          seen.push(chunk);
          if (parse(Buffer.concat(seen)).length === 4) resolve();
        });
      });
    });
    asked.destroy();
    const entry = await last(simulator);
    expect(entry).toMatchObject({ ended: 'client_gone', act: 'silence:mid_stream', usage: { input: 100, output: 1 } });
    expect(entry.client_left).toEqual({ byte: Buffer.concat(seen).length, event: 4 });
  });

  test('a huge answer waits for its reader and notices when it leaves', async () => {
    const simulator = await start({ rules: [{ then: { act: 'huge', bytes: 80_000_000 } }] });
    const reply = await ask(simulator, { leaveAfter: 300_000 });
    expect(reply.body.length).toBeGreaterThanOrEqual(300_000);
    const entry = await last(simulator);
    expect(entry.ended).toBe('client_gone');
    // Kernel buffers and one lump in flight, not the whole answer.
    expect(entry.response_bytes).toBeLessThan(40_000_000);
    expect(entry.client_left?.event).toBeGreaterThan(1000);
    simulator.setBehaviour({ turn: { usage }, rules: [{ then: { act: 'huge', bytes: 1_000_000 } }] });
    const whole = await ask(simulator);
    expect(whole.body.length).toBeGreaterThan(1_000_000);
    expect(usageOf(parse(whole.body))).toEqual(usage);
    expect((await last(simulator, 2)).usage).toEqual(usage);
  });

  test('slow accept leaves the body unread for a while and adds to what follows', async () => {
    const simulator = await start({
      rules: [
        { then: { act: 'slow_accept', delay_ms: 50 } },
        { then: { act: 'error', status: 503, message: 'later' } },
      ],
    });
    const started = performance.now();
    const reply = await ask(simulator, { body: Buffer.alloc(3_000_000, 'x') });
    expect(performance.now() - started).toBeGreaterThan(45);
    expect(reply.status).toBe(503);
    expect(await last(simulator)).toMatchObject({ act: 'slow_accept+error:503', request_bytes: 3_000_000 });
  });

  test('a client that leaves while it uploads is noted', async () => {
    const simulator = await start();
    const socket = connect(simulator.port, '127.0.0.1');
    socket.write('POST /v1/messages HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n{"model"', () =>
      socket.destroy(),
    );
    expect(await last(simulator)).toMatchObject({
      ended: 'client_gone',
      status: 0,
      client_left: { byte: 0, event: 0 },
    });
  });
});

describe('rules', () => {
  test('first match wins; nth, every with from, times, model, header and path are honoured', async () => {
    const error = (status: number): Rule['then'] => ({ act: 'error', status });
    const simulator = await start({
      rules: [
        { match: { nth: 2 }, then: error(501) },
        { match: { model: 'claude-haiku*' }, times: 1, then: error(502) },
        { match: { header: { 'X-Team': 'al*' } }, then: error(503) },
        { match: { path: '/v1/messages/count_tokens' }, then: error(504) },
        { match: { every: 4, from: 3 }, then: error(505) },
      ],
    });
    const statuses = [];
    for (const given of [
      {},
      {},
      {},
      { model: 'claude-haiku-4' },
      { model: 'claude-haiku-4' },
      { headers: { 'x-team': 'alpha' } },
      {},
    ]) {
      statuses.push((await ask(simulator, given)).status);
    }
    expect(statuses).toEqual([200, 501, 505, 502, 200, 503, 505]);
    expect((await ask(simulator, { path: '/api/anthropic/v1/messages/count_tokens' })).status).toBe(504);
  });

  test('an agent gets a tool call, then text once the result is there', async () => {
    const simulator = await start({ turn: { tool: 'first-bash', text_chunks: 1 } });
    const tools = [{ name: 'Read' }, { name: 'Bash', input_schema: {} }];
    const first = { model: 'claude-x', tools, messages: [{ role: 'user', content: 'go' }], stream: true };
    const call = parse((await ask(simulator, { body: JSON.stringify(first) })).body);
    const block = call.find(({ data }) => data.content_block?.type === 'tool_use')?.data.content_block;
    expect(block).toMatchObject({ name: 'Bash' });
    expect(call.at(-2)?.data.delta?.stop_reason).toBe('tool_use');
    const second = {
      ...first,
      messages: [
        ...first.messages,
        { role: 'assistant', content: [{ ...block, input: { command: 'echo' } }] },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: block?.id, content: 'hello' }] },
        { role: 'system', content: 'a reminder' },
      ],
    };
    const text = parse((await ask(simulator, { body: JSON.stringify(second) })).body);
    expect(sequence(text)).not.toContain('start tool_use');
    expect(text.at(-2)?.data.delta?.stop_reason).toBe('end_turn');
    const untooled = parse((await ask(simulator)).body);
    expect(sequence(untooled)).not.toContain('start tool_use');
  });

  test('meters move with what was sent, and refuse once full', async () => {
    let now = 1_800_000_000_000;
    const window = { start: 0.5, per_output_token: 0.3, resets_in_s: 600 };
    const behaviour: Behaviour = { turn: { usage: { output: 1 } }, meters: { five_hour: window, enforce: true } };
    const simulator = await start(behaviour, { now: () => now });
    const used = [];
    for (let n = 0; n < 4; n += 1) {
      const { status, headers } = await ask(simulator);
      const at = headers['anthropic-ratelimit-unified-5h-utilization'];
      used.push([
        status,
        at,
        headers['anthropic-ratelimit-unified-status'],
        headers['anthropic-ratelimit-unified-5h-reset'],
      ]);
    }
    const reset = '1800000600';
    expect(used).toEqual([
      [200, '0.5', 'allowed', reset],
      [200, '0.8', 'allowed_warning', reset],
      [429, '1', 'rejected', reset],
      [429, '1', 'rejected', reset],
    ]);
    now += 600_000;
    expect((await ask(simulator)).headers['anthropic-ratelimit-unified-5h-utilization']).toBe('0');
  });

  test('an API key sees its limits shrink within the minute', async () => {
    let now = 1_800_000_000_000;
    const simulator = await start(
      { turn: { usage }, key_limits: { requests: 50, input_tokens: 1000, output_tokens: 1000 } },
      { now: () => now },
    );
    await ask(simulator);
    const second = await ask(simulator);
    expect(second.headers).toMatchObject({
      'anthropic-ratelimit-requests-limit': '50',
      'anthropic-ratelimit-requests-remaining': '48',
      'anthropic-ratelimit-input-tokens-remaining': String(1000 - 142),
      'anthropic-ratelimit-output-tokens-remaining': String(1000 - 77),
      'anthropic-ratelimit-tokens-limit': '2000',
      'anthropic-ratelimit-requests-reset': '2027-01-15T08:01:00Z',
    });
    now += 60_000;
    expect((await ask(simulator)).headers['anthropic-ratelimit-requests-remaining']).toBe('49');
  });

  test.each(Object.entries(presets))('preset %s serves', async (_name, { behaviour, books }) => {
    const quick = { ...behaviour, turn: { ...behaviour.turn, pace_ms: 0, ttft_ms: 0 } };
    const simulator = await start(quick, { books });
    const events = parse((await ask(simulator)).body);
    expect(events.at(-1)?.data.type).toBe('message_stop');
  });

  test('the burst preset has exactly 500 events in few reads', async () => {
    const simulator = await start(presets['bench-burst-500']!.behaviour);
    const reply = await ask(simulator);
    expect(parse(reply.body)).toHaveLength(500);
    expect(reply.reads).toBeLessThan(10);
  });
});

describe('endpoints and books', () => {
  test('what Claude Code and the SDKs also ask for', async () => {
    const simulator = await start();
    const count = await ask(simulator, {
      path: '/api/anthropic/v1/messages/count_tokens?beta=true',
      body: 'x'.repeat(400),
    });
    expect(JSON.parse(count.body.toString())).toEqual({ input_tokens: 100 });
    const models = await ask(simulator, { path: '/v1/models?limit=1000', method: 'GET' });
    const listed = JSON.parse(models.body.toString()) as { data: { id: string }[]; has_more: boolean };
    expect(listed.data.every(({ id }) => id.startsWith('claude-'))).toBe(true);
    expect(listed.has_more).toBe(false);
    for (const path of ['/', '/api/hello']) expect((await ask(simulator, { path, method: 'HEAD' })).status).toBe(200);
    const missing = await ask(simulator, { path: '/v1/nothing', method: 'GET' });
    expect(missing.status).toBe(404);
    expect(JSON.parse(missing.body.toString())).toMatchObject({ type: 'error', error: { type: 'not_found_error' } });
    const entries = await simulator.books.settled(5);
    expect(entries[0]).toMatchObject({
      path: '/api/anthropic/v1/messages/count_tokens',
      query: '?beta=true',
      act: 'count_tokens',
    });
    expect(simulator.books.totals().models).toEqual({});
  });

  test('credentials stay out of the books except as hashes', async () => {
    const simulator = await start();
    const secret = 'Bearer sk-ant-very-secret';
    const body = '{"model":"claude-x","stream":false}';
    await ask(simulator, { body, headers: { authorization: secret, 'x-api-key': 'key-1', 'anthropic-beta': 'b1' } });
    const entry = await last(simulator);
    expect(entry.credentials).toEqual({ authorization: sha256(secret), 'x-api-key': sha256('key-1') });
    expect(entry.header_names).toContain('anthropic-beta');
    expect(entry.request_sha256).toBe(sha256(body));
    expect(simulator.books.lastHeaders()?.authorization).toBe(secret);
    const served = await ask(simulator, { path: '/__books', method: 'GET' });
    expect(served.body.toString()).not.toContain('very-secret');
    expect(served.body.toString()).not.toContain('key-1');
    expect(JSON.parse(served.body.toString())).toMatchObject({ totals: { requests: 1 }, entries: [{ seq: 1 }] });
  });

  test('totals add up over concurrent requests, with and without entries', async () => {
    for (const books of ['full', 'totals'] as const) {
      const simulator = await start({ turn: { usage, pace_ms: 1 } }, { books });
      const models = ['claude-a', 'claude-b', 'claude-a', '__proto__'];
      await Promise.all(models.map(async (model) => ask(simulator, { model })));
      await simulator.books.settled(4);
      expect(simulator.books.totals()).toMatchObject({
        requests: 4,
        by_status: { 200: 4 },
        by_ending: { finished: 4 },
      });
      expect(simulator.books.totals().models['claude-a']).toEqual({
        requests: 2,
        input: 200,
        output: 154,
        cache_write: 84,
        cache_read: 1000,
      });
      expect(Object.keys(simulator.books.totals().models)).toContain('__proto__');
      expect(simulator.books.entries()).toHaveLength(books === 'full' ? 4 : 0);
    }
  });

  test('a provider whose clock is wrong tells Date and resets by it, waits are right, and its windows run on', async () => {
    const nowMs = Date.UTC(2026, 4, 1, 12);
    const window = { start: 0.5, per_output_token: 0, resets_in_s: 9000 };
    const simulator = await start(
      {
        clock_skew_s: [7200, -7200],
        meters: { five_hour: window },
        rules: [{ match: { nth: 2 }, then: { act: 'reject', kind: 'per_minute', reset_in_s: 5 } }],
      },
      { now: () => nowMs },
    );
    const ahead = await ask(simulator);
    expect(ahead.headers.date).toBe('Fri, 01 May 2026 14:00:00 GMT');
    expect(ahead.headers['anthropic-ratelimit-unified-5h-reset']).toBe(String(nowMs / 1000 + 7200 + 9000));
    const behind = await ask(simulator);
    expect(behind.headers).toMatchObject({
      date: 'Fri, 01 May 2026 10:00:00 GMT',
      'anthropic-ratelimit-requests-reset': '2026-05-01T10:00:05Z',
      'retry-after': '5',
    });
    expect((await ask(simulator)).headers).toMatchObject({
      date: 'Fri, 01 May 2026 14:00:00 GMT',
      'anthropic-ratelimit-unified-5h-utilization': '0.5',
    });
  });

  test('the behaviour can be replaced over HTTP; a bad one is refused by name', async () => {
    const simulator = await start();
    const good = await ask(simulator, { path: '/__behaviour', body: '{"rules":[{"then":{"act":"overloaded"}}]}' });
    expect(good.status).toBe(200);
    const reply = await ask(simulator);
    expect(reply.status).toBe(529);
    expect(JSON.parse(reply.body.toString())).toMatchObject({
      error: { type: 'overloaded_error' },
      request_id: reply.headers['request-id'],
    });
    const bad = await ask(simulator, { path: '/__behaviour', body: '{"rules":[{"then":{"act":"explode"}}]}' });
    expect(bad.status).toBe(400);
    expect(bad.body.toString()).toContain('rules[0].then.act');
    expect((await ask(simulator)).status).toBe(529);
  });
});
