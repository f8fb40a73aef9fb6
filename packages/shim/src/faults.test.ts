import { createHash } from 'node:crypto';
import { connect, createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { Act, Behaviour } from './simulator/script.ts';
import { startRig, until, type Rig, type RigOptions } from './testing/rig.ts';

const USAGE = { input: 100, output: 50, cache_write_5m: 0, cache_write_1h: 0, cache_read: 10 };
const turn = { usage: USAGE, text_chunks: 6, thinking_chunks: 0, tools: 0 };
const always = (act: Act): Behaviour => ({ turn, rules: [{ then: act }] });
const NOBODY = 'http://127.0.0.1:9';

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

async function oneLane(act: Act, options: RigOptions = {}): Promise<Rig> {
  return startRig({ providers: { anthropic: always(act) }, ...options });
}

async function twoLanes(act: Act, options: RigOptions = {}): Promise<Rig> {
  return startRig({ providers: { anthropic: always(act), zai: { turn } }, ...options });
}

describe('before the first byte, another lane answers', () => {
  const faults: Record<
    string,
    { act?: Act; lanes?: RigOptions['lanes']; decision: string; counter?: 'rate_limited' | 'overloaded' }
  > = {
    'connect refused': { lanes: { anthropic: { base_url: NOBODY } }, decision: 'net_fallback' },
    'reset before headers': { act: { act: 'reset_before_headers' }, decision: 'net_fallback' },
    'headers, then the end': { act: { act: 'close_after_headers' }, decision: 'net_fallback' },
    'no headers in time': {
      act: { act: 'silence', where: 'before_headers' },
      lanes: { anthropic: { timeouts: { header_ms: 120 } } },
      decision: 'net_fallback',
    },
    500: { act: { act: 'error', status: 500 }, decision: 'fallback' },
    503: { act: { act: 'error', status: 503 }, decision: 'fallback' },
    529: { act: { act: 'overloaded' }, decision: 'fallback', counter: 'overloaded' },
    'an error as the first event': { act: { act: 'error_first' }, decision: 'fallback', counter: 'overloaded' },
    '429 five_hour': {
      act: { act: 'reject', kind: 'five_hour' },
      decision: 'quota_overshoot',
      counter: 'rate_limited',
    },
    '429 weekly': { act: { act: 'reject', kind: 'weekly' }, decision: 'quota_overshoot', counter: 'rate_limited' },
    '429 weekly_model': {
      act: { act: 'reject', kind: 'weekly_model' },
      decision: 'quota_overshoot',
      counter: 'rate_limited',
    },
    '429 per_minute': {
      act: { act: 'reject', kind: 'per_minute' },
      decision: 'quota_overshoot',
      counter: 'rate_limited',
    },
    '429 request_scoped': {
      act: { act: 'reject', kind: 'request_scoped' },
      decision: 'quota_overshoot',
      counter: 'rate_limited',
    },
    '429 long_context': {
      act: { act: 'reject', kind: 'long_context' },
      decision: 'quota_overshoot',
      counter: 'rate_limited',
    },
    '429 bare': { act: { act: 'reject', kind: 'bare' }, decision: 'quota_overshoot', counter: 'rate_limited' },
    '429 zai_rate': { act: { act: 'reject', kind: 'zai_rate' }, decision: 'quota_overshoot', counter: 'rate_limited' },
  };
  for (const [name, fault] of Object.entries(faults)) {
    it.each([true, false])(`${name} (stream: %s)`, async (stream) => {
      if (name.includes('first event') && !stream) return;
      const act = fault.act ?? { act: 'turn' };
      await using rig = await twoLanes(act, fault.lanes === undefined ? {} : { lanes: fault.lanes });
      const reply = await rig.ask({ stream });
      expect(reply.status).toBe(200);
      expect(reply.headers).toMatchObject({ 'x-ccp-lane': 'zai', 'x-ccp-decision': fault.decision });
      const [entry] = await rig.sims['zai']!.books.settled(1);
      expect(sha256(reply.body)).toBe(entry?.response_sha256);
      const [line] = await rig.completions(1);
      expect(line).toMatchObject({
        lane: 'zai',
        status: 200,
        ended: 'complete',
        input_tokens: 100,
        output_tokens: 50,
        retry: true,
        attempts: 2,
        fallback_from: 'anthropic',
      });
      const usage = await rig.usage();
      expect(usage.models['claude-sonnet-4-5']).toMatchObject({
        reqs: 1,
        events: {
          fallbacks: 1,
          rate_limited: fault.counter === 'rate_limited' ? 1 : 0,
          overloaded: fault.counter === 'overloaded' ? 1 : 0,
        },
      });
      expect(usage.lanes?.['anthropic']).toMatchObject({ active: 0, requests: 1, errors: 1, fallbacks_from: 1 });
      expect(usage.lanes?.['zai']).toMatchObject({ active: 0, fallbacks_to: 1, errors: 0 });
    });
  }

  it('but a bad request does not wander: 400 is the answer', async () => {
    await using rig = await twoLanes({
      act: 'error',
      status: 400,
      type: 'invalid_request_error',
      message: 'prompt is too long',
    });
    const reply = await rig.ask();
    expect(reply.status).toBe(400);
    expect(JSON.parse(reply.text)).toMatchObject({ error: { message: 'prompt is too long' } });
    expect(rig.sims['zai']!.books.entries()).toHaveLength(0);
  });

  it('and when every lane fails the client gets the first lane’s own error, byte for byte', async () => {
    await using rig = await startRig({
      providers: {
        anthropic: always({ act: 'reject', kind: 'weekly' }),
        zai: always({ act: 'error', status: 500 }),
        other: always({ act: 'overloaded' }),
      },
    });
    const reply = await rig.ask();
    const [entry] = await rig.sims['anthropic']!.books.settled(1);
    expect(reply.status).toBe(429);
    expect(sha256(reply.body)).toBe(entry?.response_sha256);
    expect(reply.headers['x-ccp-lane']).toBe('anthropic');
    expect(reply.headers['retry-after']).toBeDefined();
    expect(rig.sims['other']!.books.entries()).toHaveLength(1);
    const [line] = await rig.completions(1);
    expect(line).toMatchObject({ lane: 'anthropic', status: 429, err_type: '429' });
    expect((await rig.usage()).lanes).toMatchObject({
      anthropic: { active: 0, rate_limited: 1 },
      zai: { active: 0, errors: 1 },
      other: { active: 0, errors: 1 },
    });
  });
});

it('a bad request on the second lane does not hide the first lane’s rejection', async () => {
  await using rig = await startRig({
    providers: { anthropic: always({ act: 'reject', kind: 'weekly' }), zai: always({ act: 'error', status: 400 }) },
  });
  const reply = await rig.ask();
  expect(reply.status).toBe(429);
  expect(reply.headers['x-ccp-lane']).toBe('anthropic');
});

describe('with one lane, the fault itself is the answer', () => {
  it.each([['connect refused', NOBODY, 502, 'connect_failed'] as const])(
    '%s → %s',
    async (_name, base, status, code) => {
      await using rig = await startRig({ lanes: { anthropic: { base_url: base } } });
      const reply = await rig.ask();
      expect(reply.status).toBe(status);
      expect(JSON.parse(reply.text)).toMatchObject({ type: 'error', error: { type: 'api_error' } });
      expect(reply.text).toContain('base_url');
      expect((await rig.completions(1))[0]).toMatchObject({ status, err_type: code, ended: 'failed' });
    },
  );

  it.each([
    'five_hour',
    'weekly',
    'weekly_model',
    'per_minute',
    'request_scoped',
    'spend',
    'long_context',
    'bare',
    'zai_rate',
    'zai_balance',
  ] as const)('a rejection (%s) is returned unmodified', async (kind) => {
    await using rig = await oneLane({ act: 'reject', kind });
    const reply = await rig.ask();
    const [entry] = await rig.sims['anthropic']!.books.settled(1);
    expect(reply.status).toBe(entry?.status);
    expect(sha256(reply.body)).toBe(entry?.response_sha256);
    expect((await rig.completions(1))[0]).toMatchObject({ status: entry?.status, ended: 'complete' });
  });

  it('an upstream that never answers → 504', async () => {
    await using rig = await oneLane(
      { act: 'silence', where: 'before_headers' },
      { lanes: { anthropic: { timeouts: { header_ms: 120 } } } },
    );
    const reply = await rig.ask();
    expect(reply.status).toBe(504);
    expect((await rig.completions(1))[0]).toMatchObject({ status: 504, ended: 'timeout', err_type: 'header_timeout' });
    expect((await rig.sims['anthropic']!.books.settled(1))[0]?.ended).toBe('client_gone');
  });
});

describe('after the first byte nothing is spliced', () => {
  it('an error event is relayed and recorded as a failure although HTTP said 200', async () => {
    await using rig = await twoLanes({ act: 'error_in_stream', after_events: 4, type: 'overloaded_error' });
    const reply = await rig.ask();
    const [entry] = await rig.sims['anthropic']!.books.settled(1);
    expect(reply.status).toBe(200);
    expect(sha256(reply.body)).toBe(entry?.response_sha256);
    expect((await rig.completions(1))[0]).toMatchObject({
      lane: 'anthropic',
      status: 200,
      ended: 'error_in_stream',
      err_type: 'overloaded_error',
      input_tokens: 100,
    });
    expect((await rig.usage()).models['claude-sonnet-4-5']?.events).toMatchObject({
      overloaded: 1,
      errors: 1,
      fallbacks: 0,
    });
  });

  it.each(['eof', 'close', 'reset'] as const)(
    'a stream that ends early (%s) is truncated, with every byte that came',
    async (how) => {
      await using rig = await oneLane({ act: 'truncate', after_events: 4, how });
      const reply = await rig.ask();
      const [entry] = await rig.sims['anthropic']!.books.settled(1);
      expect(reply.whole).toBe(how === 'eof');
      if (how !== 'reset') expect(sha256(reply.body)).toBe(entry?.response_sha256);
      expect((await rig.completions(1))[0]).toMatchObject({
        ended: 'truncated',
        err_type: 'stream_error',
        reason: 'stream_error',
        input_tokens: 100,
      });
      const model = (await rig.usage()).models['claude-sonnet-4-5'];
      expect(model).toMatchObject({ reqs: 1, events: { truncated: 1 }, speeds: { rolling_samples: 0 } });
    },
  );

  it('silence past the idle limit ends the stream', async () => {
    await using rig = await oneLane(
      { act: 'silence', where: 'mid_stream', after_events: 4 },
      { lanes: { anthropic: { timeouts: { idle_ms: 150 } } } },
    );
    const reply = await rig.ask();
    expect(reply.whole).toBe(false);
    expect((await rig.completions(1))[0]).toMatchObject({
      ended: 'timeout',
      reason: 'stream_timeout',
      err_type: 'idle_timeout',
    });
    expect((await rig.sims['anthropic']!.books.settled(1))[0]?.ended).toBe('client_gone');
  });

  it('silence within the limit is thinking', async () => {
    await using rig = await oneLane(
      { act: 'silence', where: 'mid_stream', after_events: 4, for_ms: 250 },
      { lanes: { anthropic: { timeouts: { idle_ms: 1_000, header_ms: 150 } } } },
    );
    const reply = await rig.ask();
    expect(reply.whole).toBe(true);
    expect((await rig.completions(1))[0]).toMatchObject({ ended: 'complete', output_tokens: 50 });
  });
});

describe('a client that leaves', () => {
  const phases: Record<string, { act: Act; leaveAfterBytes: number }> = {
    'before the head': { act: { act: 'silence', where: 'before_headers' }, leaveAfterBytes: 0 },
    'after the first bytes': { act: { act: 'silence', where: 'mid_stream', after_events: 1 }, leaveAfterBytes: 1 },
    'in the middle of a fast stream': { act: { act: 'huge', bytes: 50_000_000 }, leaveAfterBytes: 200_000 },
  };
  for (const [name, { act, leaveAfterBytes }] of Object.entries(phases)) {
    it(`${name}: the upstream is stopped at once and nobody is blamed`, async () => {
      await using rig = await twoLanes(act);
      const client = openTurn(rig);
      // Leaving before the request has reached the provider would test nothing.
      await until(() => rig.sims['anthropic']!.books.entries().length === 1, 'the request to arrive upstream');
      await until(() => client.received() >= leaveAfterBytes, 'the bytes to leave after');
      client.leave();
      expect((await rig.sims['anthropic']!.books.settled(1))[0]?.ended).toBe('client_gone');
      const [line] = await rig.completions(1);
      expect(line).toMatchObject({ ended: 'cancelled', err_type: 'client_gone', lane: 'anthropic' });
      const usage = await rig.usage();
      expect(usage.models['claude-sonnet-4-5']?.events).toMatchObject({ cancelled: 1, fallbacks: 0, truncated: 0 });
      expect(usage.lanes?.['anthropic']).toMatchObject({ active: 0, errors: 0 });
      expect(rig.sims['zai']!.books.entries()).toHaveLength(0);
    });
  }

  it('gives its place on a narrow lane to the next, and one that leaves the queue takes none', async () => {
    const hold: Behaviour = {
      turn,
      rules: [{ match: { nth: 1 }, then: { act: 'silence', where: 'mid_stream', after_events: 1 } }],
    };
    await using rig = await startRig({ providers: { anthropic: hold }, lanes: { anthropic: { concurrency: 1 } } });
    const entries = (): number => rig.sims['anthropic']!.books.entries().length;
    const first = openTurn(rig);
    await until(() => first.received() > 0, 'the first turn to stream');
    const impatient = openTurn(rig);
    const patient = rig.ask();
    impatient.leave();
    expect(entries()).toBe(1);
    first.leave();
    expect((await patient).status).toBe(200);
    await rig.completions(2);
    expect(entries()).toBe(2);
    expect((await rig.usage()).lanes?.['anthropic']).toMatchObject({ active: 0 });
  });
});

/** A client by hand: it leaves when told to. */
function openTurn(rig: Rig): { received(): number; leave(): void } {
  const body = '{"model":"claude-sonnet-4-5","stream":true}';
  const socket = connect(rig.shim.port, '127.0.0.1');
  let received = 0;
  socket.on('data', (chunk: Buffer) => (received += chunk.length));
  socket.on('error', () => undefined);
  socket.write(`POST /v1/messages HTTP/1.1\r\nhost: localhost\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
  return { received: () => received, leave: () => socket.destroy() };
}

describe('an answer that node refuses to repeat', () => {
  it('is relayed without its reason phrase, and the next request is served', async () => {
    const server = createTcpServer((socket) => {
      socket.on('error', () => undefined);
      socket.on('data', () =>
        socket.end('HTTP/1.1 429 \u5fd9\u788c\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}'),
      );
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await using rig = await startRig({
      lanes: { anthropic: { base_url: `http://127.0.0.1:${port}`, concurrency: 1 } },
    });
    for (let index = 0; index < 2; index += 1) expect((await rig.ask()).status).toBe(429);
    await rig.completions(2);
    expect((await rig.usage()).lanes?.['anthropic']).toMatchObject({ active: 0, requests: 2 });
    await new Promise((resolve) => server.close(resolve));
  });
});

describe('a pooled connection that the far side closed while it was idle', () => {
  /** Serves one request per connection well; a second one on the same connection finds it closed. */
  async function forgetful(): Promise<{ url: string; connections: () => number; close: () => Promise<void> }> {
    const sockets = new Set<Socket>();
    const server = createTcpServer((socket) => {
      sockets.add(socket);
      let asked = 0;
      socket.on('error', () => undefined);
      socket.on('data', () => {
        asked += 1;
        if (asked > 1) socket.end();
        else socket.write('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}');
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    return {
      url: `http://127.0.0.1:${port}`,
      connections: () => sockets.size,
      close: async () => {
        for (const socket of sockets) socket.destroy();
        await new Promise((resolve) => server.close(resolve));
      },
    };
  }

  it('is asked again once on a fresh one, and nobody is blamed', async () => {
    const upstream = await forgetful();
    await using rig = await startRig({ lanes: { anthropic: { base_url: upstream.url } } });
    expect((await rig.ask({ stream: false })).status).toBe(200);
    expect((await rig.ask({ stream: false })).status).toBe(200);
    expect(upstream.connections()).toBe(2);
    expect((await rig.completions(2)).map(({ status, attempts }) => [status, attempts])).toEqual([
      [200, 1],
      [200, 1],
    ]);
    expect((await rig.usage()).lanes?.['anthropic']).toMatchObject({ errors: 0, requests: 2, active: 0 });
    await upstream.close();
  });
});

describe('a stalled reader', () => {
  it('holds the upstream back instead of filling the memory', async () => {
    const bytes = 120_000_000;
    await using rig = await oneLane({ act: 'huge', bytes });
    await rig.ask({ model: 'warm-up', leaveWhen: ({ bytes: seen }) => seen > 1_000_000 });
    await rig.completions(1);
    const socket = connect(rig.shim.port, '127.0.0.1');
    const body = '{"model":"claude-sonnet-4-5","stream":true}';
    socket.write(`POST /v1/messages HTTP/1.1\r\nhost: localhost\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
    socket.pause();
    const sent = (): number => rig.sims['anthropic']!.books.entries().at(-1)?.response_bytes ?? 0;
    const before = process.memoryUsage();
    await until(() => rig.sims['anthropic']!.books.entries().length === 2, 'the request');
    let last = -1;
    await until(async () => {
      await new Promise((resolve) => setTimeout(resolve, 150));
      const still = sent() === last;
      last = sent();
      return still && last >= 0;
    }, 'the upstream to be held back');
    const after = process.memoryUsage();
    // Both ends' kernel buffers and high-water marks; far from the 120 MB that would come if nothing held it back.
    expect(after.external + after.arrayBuffers - before.external - before.arrayBuffers).toBeLessThan(24_000_000);
    let received = 0;
    socket.on('data', (chunk: Buffer) => (received += chunk.length));
    socket.resume();
    await until(() => received >= bytes, 'every byte', 15_000);
    socket.destroy();
  });
});
