import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { parseAggregateReport, parseRollups, parseUploadAnswer } from '@ccp/contracts';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { listen } from '../http/listen.ts';
import { runShim } from '../testing/child.ts';
import { makeKey } from './keys.ts';
import { gaps, unbrokenUpTo, withNumbers } from './ranges.ts';
import { weekOf } from './report.ts';
import { startAggregator, type AggregatorOptions } from './start-aggregator.ts';
import { Busy, type AggregateStore } from './store.ts';

interface Rig {
  readonly url: string;
  readonly folder: string;
  /** Keys by organisation. */
  readonly keys: Readonly<Record<string, string>>;
  readonly post: (path: string, org: string, body: unknown, headers?: Record<string, string>) => Promise<Answer>;
  readonly get: (path: string, org?: string) => Promise<Answer>;
  readonly restart: () => Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly json: unknown;
  readonly retryAfter: string | null;
}

async function rig(options: Partial<AggregatorOptions> = {}): Promise<Rig> {
  const folder = mkdtempSync(join(tmpdir(), 'aggregate-'));
  const orgs = {
    acme: { org: 'acme', features: ['telemetry_full', 'telemetry_minimized'] as const },
    other: { org: 'other', features: ['telemetry_full'] as const },
    small: { org: 'small', features: ['telemetry_minimized'] as const, community: true },
    boss: { org: 'boss', features: ['telemetry_minimized'] as const, operator: true },
    gone: { org: 'acme', features: ['telemetry_full'] as const, revoked: true },
    late: { org: 'acme', features: ['telemetry_full'] as const, expires_at: '2020-01-01T00:00:00.000Z' },
  };
  const made = Object.entries(orgs).map(([name, rest]) => ({
    name,
    ...makeKey({ ...rest, features: [...rest.features] }),
  }));
  const keysFile = join(folder, 'keys.json');
  writeFileSync(keysFile, JSON.stringify({ keys: made.map(({ entry }) => entry) }));
  const start = (): ReturnType<typeof startAggregator> =>
    startAggregator({
      keysFile,
      database: join(folder, 'books.sqlite3'),
      k: 5,
      retainDays: 90,
      mostWaiting: 20_000,
      mostRequests: 64,
      listen: (handler) => listen('127.0.0.1', 0, handler),
      log: () => undefined,
      ...options,
    });
  let running = await start();
  onTestFinished(async () => {
    await running.stop(1_000);
    rmSync(folder, { recursive: true, force: true });
  });
  const keys = Object.fromEntries(made.map(({ name, key }) => [name, key]));
  const ask = async (path: string, init: RequestInit): Promise<Answer> => {
    const response = await fetch(`${running.addresses[0]}${path}`, init);
    return {
      status: response.status,
      json: JSON.parse(await response.text()) as unknown,
      retryAfter: response.headers.get('retry-after'),
    };
  };
  return {
    get url() {
      return running.addresses[0] ?? '';
    },
    folder,
    keys,
    post: (path, org, body, headers = {}) =>
      ask(path, {
        method: 'POST',
        body: JSON.stringify(body),
        headers: { authorization: `Bearer ${keys[org]}`, ...headers },
      }),
    get: (path, org) => ask(path, { headers: org === undefined ? {} : { authorization: `Bearer ${keys[org]}` } }),
    restart: async () => {
      await running.stop(1_000);
      running = await start();
    },
  };
}

const turn = (seq: number, id = `turn:s-1:t-${seq}`): { seq: number; id: string; event: object } => ({
  seq,
  id,
  event: {
    kind: 'turn',
    event_id: id,
    turn: {
      turn_id: id,
      session_id: 's-1',
      model: 'glm-4.6',
      subagent: '',
      tokens_in: 100,
      tokens_out: 10,
      input_kind: 'text',
      latency_ms: 2_000,
      ts: 1_893_488_400 + seq,
    },
    measurement: { feature_delta: 1 },
    cost: { provider: 'zai', estimated_usd: 0.25 },
  },
});
const upload = (...events: readonly object[]): object => ({ upload_schema: 'v1', stream: 'i-1', events });
const summaryHeaders = (seq: number, id = `summary:${seq}`): Record<string, string> => ({
  'idempotency-key': id,
  'x-ccp-stream': 'i-1',
  'x-ccp-seq': String(seq),
});

describe('events', () => {
  it('are kept once by their id, in sums, after a restart too', async () => {
    const { post, get, restart } = await rig();
    expect(await post('/v1/events', 'acme', upload(turn(1), turn(2)))).toMatchObject({
      status: 200,
      json: { accepted: 2, duplicates: 0, acked_seq: 2, missing: [] },
    });
    await restart();
    const again = await post('/v1/events', 'acme', upload(turn(2), turn(3)));
    expect(again.json).toMatchObject({ accepted: 1, duplicates: 1, acked_seq: 3 });
    expect(parseUploadAnswer(again.json).ok).toBe(true);
    // The same event under another number, as after a lost queue.
    expect((await post('/v1/events', 'acme', upload(turn(4, 'turn:s-1:t-1')))).json).toMatchObject({
      accepted: 0,
      duplicates: 1,
      acked_seq: 4,
    });
    expect((await get('/v1/ingest/models', 'acme')).json).toEqual({
      org: 'acme',
      models: {
        'glm-4.6': {
          turns: 3,
          in_tokens: 300,
          out_tokens: 30,
          cache_write_tokens: 0,
          cache_read_tokens: 0,
          features: 3,
          cost_usd: 0.75,
        },
      },
    });
    const rollups = (await get('/v1/ingest/rollups?granularity=day', 'acme')).json;
    expect(parseRollups(rollups)).toMatchObject({
      ok: true,
      value: {
        granularity: 'day',
        models: { 'glm-4.6': [{ window_start: 1_893_456_000, count: 3, in_tokens: 300, dirty_s: 6, cost_usd: 0.75 }] },
      },
    });
    const session = (await get('/v1/ingest/sessions/s-1', 'acme')).json as { events: { id: string }[] };
    expect(session.events.map(({ id }) => id)).toEqual(['turn:s-1:t-1', 'turn:s-1:t-2', 'turn:s-1:t-3']);
  });

  it('are read from gzip, and single ones that break the contract are named while the others are kept', async () => {
    const { url, keys, get } = await rig();
    const bad = { seq: 2, id: 'bad', event: { kind: 'turn', turn: { model: 7 } } };
    const response = await fetch(`${url}/v1/events`, {
      method: 'POST',
      body: gzipSync(JSON.stringify(upload(turn(1), bad, turn(3)))),
      headers: { authorization: `Bearer ${keys['acme']}`, 'content-encoding': 'gzip' },
    });
    const answer = (await response.json()) as { rejected: { seq: number; reason: string }[] };
    expect(answer).toMatchObject({ accepted: 2, acked_seq: 3, missing: [] });
    expect(answer.rejected).toHaveLength(1);
    expect(answer.rejected[0]).toMatchObject({ seq: 2 });
    expect(answer.rejected[0]?.reason).not.toContain('7');
    expect((await get('/v1/ingest/streams', 'acme')).json).toEqual({
      streams: [{ stream: 'i-1', acked_seq: 3, missing: [], events: 2, summaries: 0 }],
    });
  });

  it('that were passed over are said to be missing until they come', async () => {
    const { post } = await rig();
    await post('/v1/events', 'acme', upload(turn(1)));
    expect((await post('/v1/events', 'acme', upload(turn(5), turn(6)))).json).toMatchObject({
      acked_seq: 1,
      missing: [{ first: 2, last: 4 }],
    });
    expect((await post('/v1/events', 'acme', upload(turn(3)))).json).toMatchObject({
      acked_seq: 1,
      missing: [
        { first: 2, last: 2 },
        { first: 4, last: 4 },
      ],
    });
    expect((await post('/v1/events', 'acme', upload(turn(2), turn(4)))).json).toMatchObject({
      acked_seq: 6,
      missing: [],
    });
  });

  it('do not keep what the tier full does not let pass, though a sender left it in', async () => {
    const { post, folder, restart } = await rig();
    const one = turn(1);
    const event = {
      ...one.event,
      notes: 'CANARY notes',
      prompt: 'CANARY prompt',
      value: { summary: 'mail CANARY@shop.example' },
    };
    await post('/v1/events', 'acme', upload({ ...one, event }));
    await restart();
    expect(readFileSync(join(folder, 'books.sqlite3'), 'latin1')).not.toContain('CANARY');
    expect(statSync(join(folder, 'books.sqlite3')).mode & 0o777).toBe(0o600);
  });

  it('lose their content when their time is over, and still count once', async () => {
    const { post, get, restart } = await rig({ retainDays: 0 });
    await post('/v1/events', 'acme', upload(turn(1)));
    await restart();
    const events = (await get('/v1/ingest/events?stream=i-1', 'acme')).json as { events: object[] };
    expect(events.events).toEqual([{ stream: 'i-1', seq: 1, id: 'turn:s-1:t-1', event: null }]);
    expect((await post('/v1/events', 'acme', upload(turn(1)))).json).toMatchObject({ accepted: 0, duplicates: 1 });
    expect((await get('/v1/ingest/models', 'acme')).json).toMatchObject({ models: { 'glm-4.6': { turns: 1 } } });
  });
});

describe('keys', () => {
  it('open what they are entitled to, and nothing else', async () => {
    const { post, get, url } = await rig();
    const body = upload(turn(1));
    expect((await fetch(`${url}/v1/events`, { method: 'POST', body: JSON.stringify(body) })).status).toBe(401);
    for (const [name, status] of [
      ['gone', 401],
      ['late', 401],
      ['small', 403],
      ['acme', 200],
    ] as const)
      expect([name, (await post('/v1/events', name, body)).status]).toEqual([name, status]);
    const full = { generated_at: '2030-01-31T12:00:00.000Z', sessions: 1, turns: 1 };
    expect((await post('/v1/metrics', 'small', full, { ...summaryHeaders(1), 'x-ccp-tier': 'full' })).status).toBe(403);
    expect((await get('/v1/ingest/models')).status).toBe(401);
    expect((await get('/v1/ingest/sessions/s-1', 'small')).status).toBe(403);
  });

  it('see their own organisation only', async () => {
    const { post, get } = await rig();
    await post('/v1/events', 'acme', upload(turn(1)));
    // The same ids of somebody else are other events.
    expect((await post('/v1/events', 'other', upload(turn(1)))).json).toMatchObject({ accepted: 1 });
    await post('/v1/events', 'acme', upload(turn(2)));
    expect((await get('/v1/ingest/models', 'other')).json).toMatchObject({ models: { 'glm-4.6': { turns: 1 } } });
    expect((await get('/v1/ingest/streams', 'other')).json).toMatchObject({ streams: [{ acked_seq: 1 }] });
    expect((await get('/v1/ingest/sessions/s-1', 'other')).json).toMatchObject({ events: [{ seq: 1 }] });
    const orgs = async (name: string): Promise<string[]> =>
      ((await get('/v1/ingest/orgs', name)).json as { orgs: { org: string }[] }).orgs.map(({ org }) => org);
    expect(await orgs('acme')).toEqual(['acme']);
    expect(await orgs('boss')).toEqual(['acme', 'other']);
  });
});

describe('summaries', () => {
  it('at the tier minimized are the closed set or nothing', async () => {
    const { post, get } = await rig();
    const summary = { generated_at: '2030-01-31T12:00:00.000Z', features_shipped: 1, capacity_used: 0.25 };
    expect(await post('/v1/metrics', 'acme', summary, summaryHeaders(1))).toMatchObject({
      status: 200,
      json: { accepted: 1, acked_seq: 1 },
    });
    expect((await post('/v1/metrics', 'acme', summary, summaryHeaders(1))).json).toMatchObject({
      accepted: 0,
      duplicates: 1,
    });
    const more = await post('/v1/metrics', 'acme', { ...summary, sessions: 3 }, summaryHeaders(2));
    expect(more).toMatchObject({
      status: 200,
      json: {
        accepted: 0,
        acked_seq: 2,
        rejected: [{ seq: 2, reason: '/sessions is not in the closed set of the tier minimized' }],
      },
    });
    expect((await get('/v1/ingest/orgs', 'acme')).json).toMatchObject({
      orgs: [{ summaries: 1, newest_summary: summary }],
    });
  });
});

describe('too much', () => {
  it('is told to come back, and nothing of it is kept', async () => {
    const store = {
      keepEvents: () => Promise.reject(new Busy(3)),
      status: () => ({ events: 0, summaries: 0, waiting: 9, error: null }),
      forget: async () => 0,
      close: async () => undefined,
    };
    const { post } = await rig({ store: store as unknown as AggregateStore });
    expect(await post('/v1/events', 'acme', upload(turn(1)))).toMatchObject({ status: 429, retryAfter: '3' });
  });

  it('of many at once is either kept or told to come back', async () => {
    const { post, get, url, keys } = await rig({ mostRequests: 2 });
    // Two senders have begun and are slow to go on.
    const slow = [1, 2].map((seq) => {
      const body = JSON.stringify(upload(turn(seq)));
      const headers = { authorization: `Bearer ${keys['acme']}`, 'content-length': body.length };
      const sending = request(`${url}/v1/events`, { method: 'POST', headers, agent: false });
      sending.write(body.slice(0, 20));
      return { finish: () => sending.end(body.slice(20)), answered: once(sending, 'response') };
    });
    // Whoever comes before the two are noticed is let in.
    let seq = 3;
    let third = await post('/v1/events', 'acme', upload(turn(seq)));
    while (third.status === 200) third = await post('/v1/events', 'acme', upload(turn((seq += 1))));
    expect(third).toMatchObject({ status: 429, retryAfter: '1' });
    for (const { finish, answered } of slow) {
      finish();
      const [{ statusCode }] = (await answered) as [{ statusCode: number }];
      expect(statusCode).toBe(200);
    }
    expect((await post('/v1/events', 'acme', upload(turn(seq)))).json).toMatchObject({
      accepted: 1,
      acked_seq: seq,
      missing: [],
    });
    expect((await get('/v1/ingest/models', 'acme')).json).toMatchObject({ models: { 'glm-4.6': { turns: seq } } });
  });

  it('in one body is refused before it is unpacked', async () => {
    const { url, keys } = await rig();
    const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024, 0x20));
    const response = await fetch(`${url}/v1/events`, {
      method: 'POST',
      body: bomb,
      headers: { authorization: `Bearer ${keys['acme']}`, 'content-encoding': 'gzip' },
    });
    expect(response.status).toBe(413);
  });
});

describe('the public report', () => {
  const contributions = (
    count: number,
    value: (at: number) => number,
  ): { org: string; stream: string; json: string }[] =>
    Array.from({ length: count }, (_, at) => ({
      org: `o-${at}`,
      stream: `i-${at}`,
      json: JSON.stringify({ features_per_capacity: value(at), capacity_used: at < 4 ? 1 : null }),
    }));

  it('has no figure of fewer than k contributors', () => {
    expect(
      weekOf(
        '2030-01-28',
        contributions(4, () => 1),
        5,
      ),
    ).toEqual({ week: '2030-01-28', contributors: null, figures: {} });
    expect(
      weekOf(
        '2030-01-28',
        contributions(9, (at) => at),
        5,
      ),
    ).toEqual({
      week: '2030-01-28',
      contributors: 5,
      figures: { features_per_capacity: { contributors: 5, mean: 4 } },
    });
    // Five machines of one organisation are one contributor.
    expect(
      weekOf(
        '2030-01-28',
        contributions(5, () => 1).map((one) => ({ ...one, org: 'o' })),
        5,
      ).figures,
    ).toEqual({});
    // One contributor alone moves nothing far.
    expect(
      weekOf(
        '2030-01-28',
        contributions(5, (at) => (at === 0 ? 1e9 : 1)),
        5,
      ).figures['features_per_capacity']?.mean,
    ).toBe(1);
  });

  it('is of finished weeks, and a published week does not change', async () => {
    const { get, post } = await rig();
    const week = (await get('/v1/public/report?weeks=2')).json as { weeks: { week: string }[] };
    expect(parseAggregateReport(week)).toMatchObject({ ok: true, value: { k: 5 } });
    const monday = Date.parse(`${week.weeks[0]?.week}T00:00:00Z`);
    expect(new Date(monday).getUTCDay()).toBe(1);
    expect(Date.now() - monday).toBeGreaterThanOrEqual(9 * 86_400_000);
    await post(
      '/v1/metrics',
      'small',
      { generated_at: new Date(monday + 1_000).toISOString(), capacity_used: 1 },
      summaryHeaders(1),
    );
    expect((await get('/v1/public/report?weeks=2')).json).toEqual(week);
  });
});

describe('numbers of a stream', () => {
  it('as ranges are the same as the set of numbers', () => {
    const seqs = fc.array(fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 10 }), { maxLength: 10 });
    fc.assert(
      fc.property(seqs, (batches) => {
        let ranges: ReturnType<typeof withNumbers> = [];
        for (const batch of batches) ranges = withNumbers(ranges, batch);
        const all = new Set(batches.flat());
        const listed = ranges.flatMap(({ first, last }) =>
          Array.from({ length: last - first + 1 }, (_, at) => first + at),
        );
        expect(listed).toEqual([...all].toSorted((a, b) => a - b));
        let unbroken = 0;
        while (all.has(unbroken + 1)) unbroken += 1;
        expect(unbrokenUpTo(ranges)).toBe(unbroken);
        const missing = gaps(ranges).flatMap(({ first, last }) =>
          Array.from({ length: last - first + 1 }, (_, at) => first + at),
        );
        expect([...listed, ...missing].toSorted((a, b) => a - b)).toEqual(
          Array.from({ length: Math.max(0, ...all) }, (_, at) => at + 1),
        );
      }),
    );
  });
});

describe('shim aggregate', () => {
  it('makes keys, listens on loopback, and refuses another host without TLS in front', async () => {
    const keys = mkdtempSync(join(tmpdir(), 'aggregate-keys-'));
    onTestFinished(() => rmSync(keys, { recursive: true, force: true }));
    const file = join(keys, 'keys.json');
    await using add = runShim(['aggregate', 'key', 'add', '--org', 'acme', '--keys', file, '--json']);
    expect(await add.exit()).toBe(0);
    const { key } = JSON.parse(add.stdout()) as { key: string };
    expect(readFileSync(file, 'utf8')).not.toContain(key);
    await using open = runShim(['aggregate', '--host', '0.0.0.0', '--keys', file]);
    await using none = runShim(['aggregate', '--keys', join(keys, 'none.json')]);
    await using served = runShim(['aggregate', '--port', '0', '--keys', file, '--json']);
    expect(await open.exit()).toBe(1);
    expect(open.stderr()).toContain('--behind-tls');
    expect(await none.exit()).toBe(1);
    expect(none.stderr()).toMatch(/^shim: .*none\.json cannot be read \(ENOENT\)\. Make a key: /);
    const { url } = await served.ready();
    const response = await fetch(`${String(url)}/v1/ingest/orgs`, { headers: { authorization: `Bearer ${key}` } });
    expect(await response.json()).toEqual({ orgs: [] });
    served.process.kill('SIGTERM');
    expect(await served.exit()).toBe(0);
  }, 60_000);
});
