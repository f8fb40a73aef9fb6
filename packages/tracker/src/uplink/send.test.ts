import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openSession } from '../index.ts';
import type { SessionClient } from '../index.ts';
import { serveAggregate } from '../testing/aggregate-server.ts';
import type { Mood } from '../testing/aggregate-server.ts';
import { tempDir } from '../testing/temp-dir.ts';
import { judge, retryAfterMs, waitMs } from './judge.ts';

function client(
  dir: string,
  tier: string,
  url: string,
  features = ['telemetry_minimized', 'telemetry_full'],
): SessionClient {
  const env = { HOME: dir, PRIVACY_TIER: tier, CCP_AGGREGATOR_URL: url, CCP_AGGREGATOR_KEY: 'the-key' };
  const license = (feature: string) =>
    features.includes(feature)
      ? ({ ok: true } as const)
      : ({ ok: false, reason: `the license lacks ${feature}` } as const);
  const opened = openSession({ dataDir: join(dir, 'data'), env, license });
  if (!opened.ok) throw new Error(opened.problem.message);
  return opened.value;
}

const turn = (capacity: number, features = 1): Parameters<SessionClient['logEvent']>[0] => ({
  type: 'turn',
  turn: { model: 'claude-sonnet-4-5', tokens_in: 10, tokens_out: 2, capacity_used: capacity },
  measurement: { feature_delta: features },
  value: { summary: 'Exports can be filtered.', links: ['https://tracker.example/F-7'], evidence_refs: ['run-1'] },
});

async function session(tracker: SessionClient, capacity: number): Promise<void> {
  expect(await tracker.startSession({ repoId: 'shop', branch: 'main' })).toMatchObject({ ok: true });
  expect(await tracker.logEvent(turn(capacity))).toMatchObject({ ok: true, value: { notes: [] } });
  expect(await tracker.endSession({ notes: 'CANARY' })).toMatchObject({ ok: true });
}

describe('tiers', () => {
  it('local: nothing is sent, nothing is queued, the summary is there', async () => {
    using dir = tempDir();
    const { url, requests } = await serveAggregate();
    const tracker = client(dir.path, 'local', url);
    await session(tracker, 0.5);
    expect(requests).toEqual([]);
    expect(await tracker.uploadMinimized()).toMatchObject({ ok: false, problem: { code: 'tier-local' } });
    expect(() => readFileSync(join(dir.path, 'data/uplink/queue.jsonl'))).toThrow('ENOENT');
    const summary = JSON.parse(readFileSync(join(dir.path, 'data/metrics_summary.json'), 'utf8')) as object;
    expect(summary).toMatchObject({ features_per_capacity: 2 });
  });

  it('minimized: one request whose body is seven keys of the summary', async () => {
    using dir = tempDir();
    const { url, requests } = await serveAggregate();
    await session(client(dir.path, 'minimized', url), 0.25);
    expect(requests.map(({ path }) => path)).toEqual(['/v1/metrics']);
    const { generated_at: at, ...body } = JSON.parse(requests[0]?.body ?? '') as Record<string, unknown>;
    expect(body).toEqual({
      features_shipped: 1,
      features_per_capacity: 4,
      avg_cls: null,
      avg_impf: null,
      avg_churn_score: null,
      capacity_used: 0.25,
    });
    expect(at).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    expect(requests[0]?.headers).toMatchObject({ authorization: 'Bearer the-key', 'x-ccp-tier': 'minimized' });
    // Nothing has changed since: nothing is sent.
    expect(await client(dir.path, 'minimized', url).uploadMinimized()).toMatchObject({ ok: true, value: { sent: 0 } });
    expect(requests).toHaveLength(1);
  });

  it('full: three events in their order, their value a summary and links, and the summary', async () => {
    using dir = tempDir();
    const { url, requests } = await serveAggregate();
    await session(client(dir.path, 'full', url), 0.75);
    expect(requests.map(({ path }) => path)).toEqual(['/v1/events', '/v1/metrics']);
    const { events } = JSON.parse(requests[0]?.body ?? '') as {
      events: { seq: number; event: { kind: string; value?: object } }[];
    };
    expect(events.map(({ seq, event }) => [seq, event.kind])).toEqual([
      [1, 'session'],
      [2, 'turn'],
      [3, 'session_end'],
    ]);
    expect(events[1]?.event.value).toEqual({
      summary: 'Exports can be filtered.',
      links: ['https://tracker.example/F-7'],
    });
    expect(requests.map(({ body }) => body).join('')).not.toMatch(/CANARY|"main"|"shop"/);
    expect(JSON.parse(requests[1]?.body ?? '')).toMatchObject({ features_per_capacity: 4 / 3, sessions: 1 });
  });

  it('without the entitlement: nothing is sent or queued, and the reason is said', async () => {
    using dir = tempDir();
    const { url, requests } = await serveAggregate();
    const tracker = client(dir.path, 'full', url, ['telemetry_minimized']);
    expect(tracker.licenseHandshake()).toMatchObject({ ok: false, problem: { code: 'not-entitled' } });
    await tracker.startSession();
    const logged = await tracker.logEvent(turn(1));
    expect(logged).toMatchObject({ ok: true, value: { notes: [{ code: 'not-entitled' }] } });
    expect(await tracker.uploadMinimized()).toMatchObject({
      ok: false,
      problem: { message: expect.stringContaining('telemetry_full') as unknown },
    });
    expect(requests).toEqual([]);
    expect(readFileSync(join(dir.path, 'data/windows.jsonl'), 'utf8').split('\n')).toHaveLength(3);
  });
});

describe('the client of a program', () => {
  it('refuses a second start, an event before the start, and a type it does not know', async () => {
    using dir = tempDir();
    const tracker = client(dir.path, 'local', 'http://127.0.0.1:9');
    expect(await tracker.logEvent(turn(1))).toMatchObject({
      ok: false,
      problem: { message: 'no session is going on' },
    });
    await tracker.startSession();
    expect(await tracker.startSession()).toMatchObject({ ok: false });
    expect(await tracker.logEvent({ ...turn(1), type: 'pause' as 'turn' })).toMatchObject({ ok: false });
    expect(await tracker.logEvent({ type: 'turn', turn: { model: 'm', tokens_in: -1, tokens_out: 0 } })).toMatchObject({
      ok: false,
      problem: { code: 'row-not-valid' },
    });
    await tracker.endSession();
    expect(await tracker.logEvent(turn(1))).toMatchObject({ ok: false });
  });

  it('keeps events and the summary while nobody answers, and sends them later', async () => {
    using dir = tempDir();
    const tracker = client(dir.path, 'full', 'http://127.0.0.1:9');
    await tracker.startSession();
    await tracker.logEvent(turn(1));
    expect(await tracker.endSession({ uploadMs: 50 })).toMatchObject({
      ok: true,
      value: { notes: [{ code: 'uplink-waits' }] },
    });
    expect(await tracker.refreshSummary()).toMatchObject({ ok: true, value: { turns: 1 } });
    const { url, taken } = await serveAggregate();
    expect(await client(dir.path, 'full', url).uploadMinimized()).toMatchObject({
      ok: true,
      value: { sent: 4, pending: 0 },
    });
    expect(taken).toHaveLength(4);
  });
});

describe('bad weather', () => {
  const moods: readonly [string, Mood][] = [
    ['500', (_nth, response) => !!response.writeHead(500).end()],
    ['429 with Retry-After', (_nth, response) => !!response.writeHead(429, { 'retry-after': '0' }).end()],
    ['a cut before the answer', (_nth, response) => !!response.destroy()],
    [
      'half an answer',
      (_nth, response) => (
        response.writeHead(200, { 'content-length': '900' }),
        response.write('{"acc', () => response.destroy())
      ),
    ],
    ['an answer of somebody else', (_nth, response) => !!response.writeHead(200).end('<html>sign in</html>')],
  ];
  it.each(moods)('%s: sent again with the same ids, and taken once', async (_name, spoil) => {
    using dir = tempDir();
    const { url, requests, taken } = await serveAggregate(
      (nth, response, received) => nth <= 2 && spoil(nth, response, received),
    );
    const tracker = client(dir.path, 'full', url);
    await tracker.startSession();
    await tracker.logEvent(turn(1));
    expect(await tracker.uploadMinimized({ forMs: 20_000 })).toMatchObject({
      ok: true,
      value: { sent: 3, retries: 2, pending: 0 },
    });
    expect(requests[1]?.body).toBe(requests[0]?.body);
    expect(requests[2]?.body).toBe(requests[0]?.body);
    expect(new Set(taken).size).toBe(taken.length);
  });

  it('a refusal stops at once, says what to do, and keeps the rows', async () => {
    using dir = tempDir();
    const { url, requests } = await serveAggregate(
      (_nth, response) => !!response.writeHead(401).end('{"error":{"message":"this key was taken back"}}'),
    );
    await session(client(dir.path, 'minimized', url), 1);
    expect(requests).toHaveLength(1);
    const again = await client(dir.path, 'minimized', url).uploadMinimized();
    expect(again).toMatchObject({
      ok: true,
      value: {
        pending: 1,
        problems: [{ code: 'uplink-refused', message: expect.stringContaining('this key was taken back') as unknown }],
      },
    });
  });

  it('a row the aggregator will never take is set aside, and the others go on', async () => {
    using dir = tempDir();
    const { url } = await serveAggregate((nth, response) => {
      if (nth > 1) return false;
      const answer = {
        accepted: 1,
        duplicates: 0,
        acked_seq: 2,
        rejected: [{ seq: 2, reason: '/event/turn is required' }],
      };
      response.writeHead(200).end(JSON.stringify(answer));
      return true;
    });
    const tracker = client(dir.path, 'full', url);
    await tracker.startSession();
    await tracker.logEvent(turn(1));
    expect(await tracker.uploadMinimized()).toMatchObject({ ok: true, value: { sent: 3, rejected: 1, pending: 0 } });
    const aside = readFileSync(join(dir.path, 'data/uplink/rejected.jsonl'), 'utf8');
    expect(JSON.parse(aside)).toMatchObject({ reason: '/event/turn is required', row: { seq: 2 } });
  });

  it('numbers the aggregator has lost are sent once more', async () => {
    using dir = tempDir();
    const { url, requests } = await serveAggregate((nth, response) => {
      if (nth !== 3 && nth !== 4) return false;
      response
        .writeHead(200)
        .end(JSON.stringify({ accepted: 1, duplicates: 0, acked_seq: 0, missing: [{ first: 1, last: 2 }] }));
      return true;
    });
    const tracker = client(dir.path, 'full', url);
    await tracker.startSession();
    await tracker.logEvent(turn(1));
    await tracker.uploadMinimized();
    await tracker.endSession({ uploadMs: 20_000 });
    const last = JSON.parse(requests.at(-1)?.body ?? '') as { events?: { seq: number }[] };
    const seqs = requests.flatMap(({ path, body }) =>
      path === '/v1/events' ? (JSON.parse(body) as { events: { seq: number }[] }).events.map(({ seq }) => seq) : [],
    );
    expect(last.events?.map(({ seq }) => seq)).toEqual([1, 2]);
    expect(seqs.filter((seq) => seq === 1)).toHaveLength(2);
  });
});

describe('what an answer means', () => {
  const at = (status: number, text = '', retryAfter?: string): string => judge({ status, text, retryAfter }, 0).kind;

  it.each([
    [200, 'retry'],
    [204, 'retry'],
    [301, 'stop'],
    [400, 'stop'],
    [401, 'stop'],
    [403, 'stop'],
    [404, 'stop'],
    [408, 'retry'],
    [413, 'smaller'],
    [422, 'stop'],
    [425, 'retry'],
    [429, 'retry'],
    [500, 'retry'],
    [502, 'retry'],
    [503, 'retry'],
    [504, 'retry'],
  ] as const)('%i without an upload answer: %s', (status, kind) => expect(at(status)).toBe(kind));

  it('keeps only what an aggregator has acknowledged', () => {
    expect(at(200, '{"accepted":1,"duplicates":0,"acked_seq":1}')).toBe('kept');
    expect(at(200, '{"accepted":1}')).toBe('retry');
  });

  it('waits as long as it was asked to, and longer each time where it was not', () => {
    expect(retryAfterMs('7', 0)).toBe(7_000);
    expect(retryAfterMs('Thu, 01 Jan 1970 00:00:09 GMT', 1_000)).toBe(8_000);
    expect(retryAfterMs('99999999', 0)).toBe(3_600_000);
    expect(retryAfterMs('soon', 0)).toBeNull();
    expect(waitMs(1, 7_000, () => 0)).toBe(7_000);
    expect([1, 2, 3, 20].map((nth) => waitMs(nth, null, () => 1))).toEqual([500, 1_000, 2_000, 60_000]);
    expect([1, 2, 3, 20].map((nth) => waitMs(nth, null, () => 0))).toEqual([250, 500, 1_000, 30_000]);
  });
});
