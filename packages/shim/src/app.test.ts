import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { missingFields } from '@ccp/contracts';
import { describe, expect, it } from 'vitest';
import { startRig, until } from './testing/rig.ts';

const USAGE = { input: 321, output: 87, cache_write_5m: 40, cache_write_1h: 2, cache_read: 9_000 };
const turn = { usage: USAGE, text_chunks: 4, thinking_chunks: 2, tools: 1 };

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

describe('a turn through shim and provider', () => {
  it.each([true, false])('reaches the client byte for byte and is counted exactly (stream: %s)', async (stream) => {
    await using rig = await startRig({ providers: { anthropic: { turn } } });
    const body = Buffer.from(
      `{"model":"claude-sonnet-4-5", "messages":[{"role":"user","content":"żółw \\" "}],"max_tokens":64,"unknown":{"x":1},"stream":${stream}}`,
    );
    const reply = await rig.ask({
      body,
      headers: { 'x-api-key': 'sk-client', 'anthropic-beta': 'a,b', 'x-claude-code-session-id': 's-1' },
    });
    const [entry] = await rig.sims['anthropic']!.books.settled(1);
    expect(reply.status).toBe(200);
    expect(entry?.request_sha256).toBe(sha256(body));
    expect(sha256(reply.body)).toBe(entry?.response_sha256);
    expect(reply.headers['request-id']).toBe(entry?.request_id);
    expect(entry?.query).toBe('?beta=true');

    const [line] = await rig.completions(1);
    const counted = { input_tokens: 321, output_tokens: 87, cache_write_tokens: 42, cache_read_tokens: 9_000 };
    expect(line).toMatchObject({
      ...counted,
      status: 200,
      ended: 'complete',
      lane: 'anthropic',
      op: stream ? 'stream' : 'nonstream',
      request_id: entry?.request_id,
      session_id: 's-1',
      usage_known: true,
    });
    const model = (await rig.usage()).models['claude-sonnet-4-5'];
    expect(model?.tokens?.session).toEqual({ input: 321, output: 87, cache_write: 42, cache_read: 9_000 });
    expect(model?.rolling_tokens).toBe(321 + 87 + 42);
    expect(model?.speeds.ttft_ms?.p50 === null).toBe(!stream);
  });

  it('writes every field of the contract, zero and false too', async () => {
    await using rig = await startRig();
    await rig.ask();
    await rig.completions(1);
    expect(rig.lines().map((line) => missingFields('usage-event', line))).toEqual([[], []]);
    const missing = missingFields('usage', await rig.usage()).filter((pointer) => !pointer.startsWith('/license'));
    expect(missing).toEqual([]);
  });

  it('passes compressed requests and answers, and still reads them', async () => {
    for (const encoding of ['gzip', 'br', 'deflate'] as const) {
      await using rig = await startRig({ providers: { anthropic: { turn: { ...turn, content_encoding: encoding } } } });
      const body = gzipSync(JSON.stringify({ model: 'claude-sonnet-4-5', stream: true, max_tokens: 5, messages: [] }));
      const reply = await rig.ask({ body, headers: { 'content-encoding': 'gzip' } });
      const [entry] = await rig.sims['anthropic']!.books.settled(1);
      expect(entry?.request_sha256).toBe(sha256(body));
      expect(reply.headers['content-encoding']).toBe(encoding);
      expect(sha256(reply.body)).toBe(entry?.response_sha256);
      const [line] = await rig.completions(1);
      expect(line).toMatchObject({
        model: 'claude-sonnet-4-5',
        input_tokens: 321,
        output_tokens: 87,
        cache_write_tokens: 42,
        cache_read_tokens: 9_000,
        ended: 'complete',
      });
    }
  });

  it('knows a model by another name on a lane that says so, changing nothing else', async () => {
    await using rig = await startRig({ lanes: { anthropic: { model_map: { 'claude-haiku*': 'glm-4.5-air' } } } });
    const before =
      '{"stream":true, "model" : "claude-haiku-4-5-20251001","messages":[{"content":"\\"model\\":\\"x\\""}] }';
    await rig.ask({ body: before });
    const [entry] = await rig.sims['anthropic']!.books.settled(1);
    expect(entry?.request_sha256).toBe(
      sha256(Buffer.from(before.replace('"claude-haiku-4-5-20251001"', '"glm-4.5-air"'))),
    );
    expect((await rig.completions(1))[0]).toMatchObject({
      model: 'claude-haiku-4-5-20251001',
      upstream_model: 'glm-4.5-air',
    });
  });

  it('passes count_tokens, models, probes, queries and base paths', async () => {
    await using rig = await startRig();
    const counted = await rig.ask({ path: '/t/alpha/v1/messages/count_tokens?beta=true' });
    expect(JSON.parse(counted.text)).toHaveProperty('input_tokens');
    const models = await rig.get('/v1/models?limit=1000');
    expect(JSON.parse(models.text)).toHaveProperty('data');
    expect((await rig.ask({ method: 'HEAD', path: '/' })).status).toBe(200);
    expect((await rig.ask({ method: 'HEAD', path: '/api/hello' })).status).toBe(200);
    expect((await rig.ask({ path: '/t/alpha/v1/messages?beta=true' })).status).toBe(200);
    const books = await rig.sims['anthropic']!.books.settled(3);
    expect(books.map((entry) => entry.path + entry.query)).toEqual([
      '/v1/messages/count_tokens?beta=true',
      '/v1/models?limit=1000',
      '/v1/messages?beta=true',
    ]);
    expect(Object.keys((await rig.usage()).models)).toContain('claude-sonnet-4-5');
  });

  it('mints one request id where the provider sent none', async () => {
    await using rig = await startRig({ providers: { anthropic: { turn: { no_request_id: true } } } });
    const reply = await rig.ask();
    expect(reply.headers['request-id']).toMatch(/^req_ccp_[0-9a-f]{8}$/);
    expect(reply.rawHeaders.filter((name) => name.toLowerCase() === 'request-id')).toHaveLength(1);
  });

  it('returns the provider headers that clients act on', async () => {
    await using rig = await startRig({
      providers: { anthropic: { rules: [{ then: { act: 'reject', kind: 'five_hour' } }] } },
    });
    const reply = await rig.ask();
    expect(reply.status).toBe(429);
    const names = Object.keys(reply.headers);
    expect(names).toContain('retry-after');
    expect(names.some((name) => name.startsWith('anthropic-ratelimit-unified-'))).toBe(true);
    expect(Object.values((await rig.usage()).meters ?? {}).length).toBeGreaterThan(0);
  });
});

describe('credentials', () => {
  it('never reach a lane they do not belong to', async () => {
    await using rig = await startRig({
      providers: { anthropic: { rules: [{ then: { act: 'overloaded' } }] }, zai: {} },
      lanes: { zai: { header_mode: 'authorization' } },
    });
    const secrets = {
      'x-api-key': 'sk-client-secret',
      authorization: 'Bearer client-token',
      cookie: 'session=client-cookie',
      'proxy-authorization': 'Basic client-proxy',
    };
    expect((await rig.ask({ headers: secrets })).status).toBe(200);
    const first = rig.sims['anthropic']!.books.lastHeaders();
    const second = rig.sims['zai']!.books.lastHeaders();
    expect(first).toMatchObject({ 'x-api-key': 'sk-client-secret', authorization: 'Bearer client-token' });
    expect(JSON.stringify(first)).not.toContain('key-of-zai');
    expect(second?.authorization).toBe('Bearer key-of-zai');
    expect(JSON.stringify(second)).not.toMatch(/client/);
    await rig.completions(1);
    const written =
      JSON.stringify(rig.lines()) +
      (await rig.get('/v1/usage')).text +
      (await rig.get('/v1/readyz')).text +
      (await rig.get('/metrics')).text;
    for (const secret of ['client-secret', 'client-token', 'client-cookie', 'key-of-zai'])
      expect(written).not.toContain(secret);
  });

  it('do not come back from a third lane either', async () => {
    const failing = { rules: [{ then: { act: 'error' as const, status: 500 } }] };
    await using rig = await startRig({ providers: { anthropic: failing, zai: failing, other: {} } });
    await rig.ask({ headers: { 'x-api-key': 'sk-client-secret' } });
    expect(rig.sims['zai']!.books.lastHeaders()?.['x-api-key']).toBe('key-of-zai');
    expect(rig.sims['other']!.books.lastHeaders()?.['x-api-key']).toBe('key-of-other');
  });
});

describe('a quota', () => {
  const quotas = (tokens: number, warnPct = 0.5) => ({
    windows: { rolling_seconds: 18_000, weekly_seconds: 604_800 },
    models: {
      'claude-haiku-4.5': {
        provider: 'anthropic',
        rolling_tokens: tokens,
        weekly_limit_type: 'tokens',
        weekly_limit_value: 1_000_000,
        warn_pct: warnPct,
      },
    },
  });

  it('blocks with an answer the client does not retry, when there is no other lane', async () => {
    await using rig = await startRig({ providers: { anthropic: { turn } }, quotas: quotas(440) });
    expect((await rig.ask({ model: 'claude-haiku-4-5-20251001' })).status).toBe(200);
    await rig.completions(1);
    const reply = await rig.ask({ model: 'claude-haiku-4-5-20251001' });
    expect(reply.status).toBe(429);
    expect(JSON.parse(reply.text)).toMatchObject({ type: 'error', error: { type: 'rate_limit_error' } });
    expect(reply.headers['x-should-retry']).toBe('false');
    expect(Number(reply.headers['retry-after'])).toBeGreaterThan(17_000);
    const [, line] = await rig.completions(2);
    expect(line).toMatchObject({
      status: 429,
      ended: 'failed',
      err_type: 'quota_blocked',
      decision: 'quota_block',
      reroute_decision: 'quota_block',
      rolling_used_tokens: 450,
      headroom_pct_rolling: 0,
    });
    expect(rig.lines().filter((one) => one.rid === line?.rid)).toHaveLength(2);
    expect(reply.text).toMatch(/room again at \w{3},? \d\d:\d\d/);
    const model = (await rig.usage()).models['claude-haiku-4-5-20251001'];
    expect(model).toMatchObject({
      block: true,
      flags: { block: true, reason: 'rolling' },
      rolling_capacity_tokens: 440,
    });
    expect((await rig.get('/metrics')).text).toContain(
      'ccp_quota_blocks_total{model="claude-haiku-4-5-20251001",kind="rolling"} 1',
    );
  });

  it('sends the turn to the next lane when there is one, and says so', async () => {
    await using rig = await startRig({ providers: { anthropic: { turn }, zai: { turn } }, quotas: quotas(440) });
    await rig.ask({ model: 'claude-haiku-4-5' });
    await rig.completions(1);
    const reply = await rig.ask({ model: 'claude-haiku-4-5' });
    expect(reply.status).toBe(200);
    expect(reply.headers).toMatchObject({ 'x-ccp-lane': 'zai', 'x-ccp-decision': 'quota_block' });
    expect((await rig.completions(2))[1]).toMatchObject({
      lane: 'zai',
      preferred_attempt: false,
      decision: 'quota_block',
    });
    expect((await rig.usage()).models['claude-haiku-4-5']?.events).toMatchObject({ reroutes: 1, fallbacks: 0 });
  });

  it('warns before it blocks', async () => {
    await using rig = await startRig({ providers: { anthropic: { turn } }, quotas: quotas(800) });
    await rig.ask({ model: 'claude-haiku-4-5' });
    await rig.completions(1);
    expect((await rig.usage()).models['claude-haiku-4-5']).toMatchObject({
      warn: true,
      block: false,
      flags: { warn: true, block: false, reason: 'rolling' },
    });
  });

  it('in mode run2cap is the provider’s to end, and is still counted', async () => {
    await using rig = await startRig({
      providers: { anthropic: { turn } },
      quotas: quotas(440),
      env: { CCP_REROUTE_MODE: 'run-to-cap' },
    });
    for (let index = 0; index < 3; index += 1) expect((await rig.ask({ model: 'claude-haiku-4-5' })).status).toBe(200);
    await rig.completions(3);
    expect((await rig.usage()).models['claude-haiku-4-5']).toMatchObject({
      rolling_tokens: 1350,
      block: true,
      reroute_mode: 'run2cap',
    });
  });

  it('in mode preemptive is left at the warning', async () => {
    await using rig = await startRig({
      providers: { anthropic: { turn }, zai: { turn } },
      quotas: quotas(2000, 0.2),
      env: { CCP_REROUTE_MODE: 'preemptive' },
    });
    await rig.ask({ model: 'claude-haiku-4-5' });
    await rig.completions(1);
    expect((await rig.ask({ model: 'claude-haiku-4-5' })).headers).toMatchObject({
      'x-ccp-lane': 'zai',
      'x-ccp-decision': 'quota_preemptive_warn',
    });
  });

  it('does not hold count_tokens against anyone', async () => {
    await using rig = await startRig({ providers: { anthropic: { turn } }, quotas: quotas(440) });
    await rig.ask({ model: 'claude-haiku-4-5' });
    await rig.completions(1);
    expect((await rig.ask({ path: '/v1/messages/count_tokens', model: 'claude-haiku-4-5' })).status).toBe(200);
  });
});

describe('GET /v1/events', () => {
  it('streams events as they become durable and resumes after the last one seen', async () => {
    await using rig = await startRig();
    await rig.ask();
    await rig.completions(1);
    const epoch = (await rig.usage()).epoch ?? '';
    let seen = '';
    const controller = new AbortController();
    const response = await fetch(`${rig.url}/v1/events`, {
      headers: { 'last-event-id': `${epoch}-1` },
      signal: controller.signal,
    });
    const reading = (async () => {
      for await (const chunk of response.body ?? []) seen += Buffer.from(chunk as Uint8Array).toString();
    })().catch(() => undefined);
    await rig.ask();
    await until(() => seen.includes(`id: ${epoch}-4`), 'the fourth event');
    controller.abort();
    await reading;
    expect(seen).not.toContain(`id: ${epoch}-1\n`);
    for (const seq of [2, 3, 4]) expect(seen).toContain(`id: ${epoch}-${seq}\n`);
    expect(seen).toContain('"complete":true');
  });
});
