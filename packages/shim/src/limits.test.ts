import { describe, expect, it } from 'vitest';
import type { Usage } from '@ccp/contracts';
import type { Behaviour, Rule } from './simulator/script.ts';
import { startRig, until, type Reply, type Rig } from './testing/rig.ts';

const TURN = { usage: { input: 100, output: 50, cache_write_5m: 0, cache_write_1h: 0, cache_read: 0 } };
const MODEL = 'claude-sonnet-4-5';

function rejecting(part: object, more: Omit<Rule, 'then'> = {}): Behaviour {
  return { turn: TURN, rules: [{ ...more, then: { act: 'reject', kind: 'five_hour', ...part } as Rule['then'] }] };
}

function lanesOf(replies: readonly Reply[]): string[] {
  return replies.map((reply) => String(reply.headers['x-ccp-lane']));
}

function requestsTo(rig: Rig, provider: string): number {
  return rig.sims[provider]!.books.totals().requests;
}

const usageOf = (usage: Usage, model = MODEL): Usage['models'][string] => usage.models[model]!;

describe('a lane that was rejected', () => {
  it('rests: the next turns go elsewhere without asking it, and usage says until when', async () => {
    await using rig = await startRig({ providers: { anthropic: rejecting({ reset_in_s: 900 }), zai: { turn: TURN } } });
    const first = await rig.ask();
    expect(first.headers).toMatchObject({ 'x-ccp-lane': 'zai', 'x-ccp-decision': 'quota_overshoot' });
    const replies = [await rig.ask(), await rig.ask(), await rig.ask()];
    expect(lanesOf(replies)).toEqual(['zai', 'zai', 'zai']);
    expect(replies[0]!.headers['x-ccp-decision']).toBe('quota_cooldown');
    expect(requestsTo(rig, 'anthropic')).toBe(1);
    const usage = await rig.usage();
    expect(usage.lanes!['anthropic']).toMatchObject({ cooldown_active: true, cooldown_kind: 'five_hour' });
    expect(usageOf(usage)).toMatchObject({
      cooldown_active: true,
      events: { cooldowns: 1, fallbacks: 1, reroutes: 3 },
    });
    expect(usageOf(usage).cooldown_next_ts! - usage.ts).toBeGreaterThan(850);
    const [, , last] = (await rig.completions(4)).toReversed();
    expect(last).toMatchObject({ cooldown_active: true, cooldown_kind: 'five_hour', decision: 'quota_cooldown' });
    expect((await rig.get('/metrics')).text).toContain('ccp_cooldowns_total{lane="anthropic",kind="five_hour"} 1');
  });

  it.each([7200, -7200])('by a provider whose clock is %i s ahead rests as long as that clock says', async (skewS) => {
    const skewed: Behaviour = { ...rejecting({ reset_in_s: 900 }), clock_skew_s: skewS };
    await using rig = await startRig({ providers: { anthropic: skewed, zai: { turn: TURN } } });
    await rig.ask();
    const usage = await rig.usage();
    const restS = usage.lanes!['anthropic']!.cooldown_next_ts! - usage.ts;
    expect(restS).toBeGreaterThan(850);
    expect(restS).toBeLessThan(950);
    const full = usage.meters!.find(({ meter }) => meter === 'unified-5h');
    expect(Math.abs(Date.parse(full!.resets_at!) / 1000 - usage.ts - 900)).toBeLessThan(50);
  });

  it('goes on resting after a restart', async () => {
    await using rig = await startRig({ providers: { anthropic: rejecting({ reset_in_s: 900 }), zai: { turn: TURN } } });
    await rig.ask();
    await rig.restart();
    expect((await rig.ask()).headers).toMatchObject({ 'x-ccp-lane': 'zai', 'x-ccp-decision': 'quota_cooldown' });
    expect(requestsTo(rig, 'anthropic')).toBe(1);
  });

  it('is tried by one request first when its window has reset, and then by all', async () => {
    // Longer than a busy machine takes to send the twelve.
    const slow = { ...TURN, ttft_ms: 2_000 };
    const behaviour: Behaviour = {
      turn: slow,
      rules: [{ times: 1, then: { act: 'reject', kind: 'five_hour', reset_in_s: 1 } }],
    };
    await using rig = await startRig({ providers: { anthropic: behaviour, zai: { turn: TURN } } });
    await rig.ask();
    await until(async () => usageOf(await rig.usage()).cooldown_active === false, 'the reset');
    const crowd = await Promise.all(Array.from({ length: 12 }, () => rig.ask()));
    // While the first one waits for its first byte the others keep away.
    expect(lanesOf(crowd).filter((lane) => lane === 'anthropic')).toHaveLength(1);
    const after = await Promise.all(Array.from({ length: 4 }, () => rig.ask()));
    expect(lanesOf(after)).toEqual(['anthropic', 'anthropic', 'anthropic', 'anthropic']);
    expect(usageOf(await rig.usage()).events).toMatchObject({ probes: 1 });
  });

  it('rests for the model only whose week is spent', async () => {
    const behaviour = rejecting({ kind: 'weekly_model' }, { match: { model: 'claude-opus*' } });
    await using rig = await startRig({ providers: { anthropic: behaviour, zai: { turn: TURN } } });
    await rig.ask({ model: 'claude-opus-4-1' });
    expect((await rig.ask({ model: 'claude-opus-4-1' })).headers['x-ccp-decision']).toBe('quota_cooldown');
    expect((await rig.ask({ model: MODEL })).headers['x-ccp-lane']).toBe('anthropic');
    expect((await rig.usage()).lanes!['anthropic']).toMatchObject({ cooldown_active: false });
  });

  it.each(['request_scoped', 'long_context'])('does not rest for %s', async (kind) => {
    await using rig = await startRig({
      providers: { anthropic: rejecting({ kind }, { times: 1 }), zai: { turn: TURN } },
    });
    expect((await rig.ask()).headers['x-ccp-lane']).toBe('zai');
    expect((await rig.ask()).headers['x-ccp-lane']).toBe('anthropic');
  });

  it('does not rest for an overload', async () => {
    const behaviour: Behaviour = { turn: TURN, rules: [{ times: 1, then: { act: 'overloaded' } }] };
    await using rig = await startRig({ providers: { anthropic: behaviour, zai: { turn: TURN } } });
    expect((await rig.ask()).headers['x-ccp-lane']).toBe('zai');
    expect((await rig.ask()).headers['x-ccp-lane']).toBe('anthropic');
  });

  it('is asked all the same where it is the only one: its own answer reaches the client', async () => {
    await using rig = await startRig({ providers: { anthropic: rejecting({ reset_in_s: 900 }, { times: 2 }) } });
    for (let turn = 0; turn < 2; turn += 1) {
      const reply = await rig.ask();
      expect(reply.status).toBe(429);
      expect(reply.headers['anthropic-ratelimit-unified-status']).toBe('rejected');
    }
    // Extra usage was bought, or a reset was granted: nobody is kept waiting.
    expect((await rig.ask()).status).toBe(200);
    expect((await rig.usage()).lanes!['anthropic']).toMatchObject({ cooldown_active: false });
  });
});

describe('paying beyond the plan', () => {
  const billed = { name: 'anthropic-ratelimit-unified-overage-in-use' };

  it('is refused where the owner said so, with the way out', async () => {
    const act = { act: 'error', status: 200 } as const;
    const headers = {
      [billed.name]: 'true',
      'anthropic-ratelimit-unified-5h-utilization': '1.0',
      'anthropic-ratelimit-unified-5h-status': 'allowed',
      'anthropic-ratelimit-unified-5h-reset': String(Math.ceil(Date.now() / 1000) + 600),
    };
    const body = JSON.stringify({ type: 'message', usage: { input_tokens: 1, output_tokens: 1 } });
    const behaviour: Behaviour = { turn: TURN, rules: [{ times: 1, then: { ...act, headers, body } }] };
    await using rig = await startRig({
      providers: { anthropic: behaviour },
      lanes: { anthropic: { overage: 'block' } },
    });
    expect((await rig.ask({ stream: false })).status).toBe(200);
    const refused = await rig.ask();
    expect(refused.status).toBe(429);
    expect(refused.text).toContain('overage: allow for anthropic');
    expect(usageOf(await rig.usage()).flags).toEqual({ warn: false, block: true, reason: 'overage' });
    expect(requestsTo(rig, 'anthropic')).toBe(1);
  });
});

describe('what a restart keeps', () => {
  it('is every token in its window, the warning, the meters and the speeds', async () => {
    const meters = { five_hour: { start: 0.4, per_output_token: 0.001, resets_in_s: 9000 } };
    await using rig = await startRig({
      providers: { anthropic: { turn: { ...TURN, pace_ms: 2 }, meters } },
      quotas: { models: { [MODEL]: { provider: 'anthropic', rolling_tokens: 1000, warn_pct: 0.4 } } },
    });
    for (let turn = 0; turn < 3; turn += 1) await rig.ask();
    const before = await rig.usage();
    await rig.restart();
    const after = await rig.usage();
    expect(after.epoch).not.toBe(before.epoch);
    expect(after.previous_epoch).toMatchObject({ epoch: before.epoch, clean: true });
    const { tokens, rolling_tokens, rolling_pct, warn, reqs } = usageOf(before);
    expect(usageOf(after)).toMatchObject({ rolling_tokens, rolling_pct, warn, reqs });
    expect(usageOf(after).tokens).toMatchObject({ rolling: tokens!.rolling, weekly: tokens!.weekly });
    expect(after.meters!.map(({ meter, value }) => [meter, value])).toEqual(
      before.meters!.map(({ meter, value }) => [meter, value]),
    );
    await until(async () => usageOf(await rig.usage()).speeds.rolling_samples === 3, 'the speeds to come back');
    const speeds = usageOf(await rig.usage()).speeds;
    expect(speeds.rolling.out_elr_tps).toBeCloseTo(usageOf(before).speeds.rolling.out_elr_tps, 6);
    expect(speeds.session!.out_elr_tps).toBe(0);
  });

  it('keeps a spent quota spent', async () => {
    await using rig = await startRig({
      providers: { anthropic: { turn: TURN } },
      quotas: { models: { [MODEL]: { provider: 'anthropic', rolling_tokens: 150 } } },
    });
    await rig.ask();
    await rig.restart();
    expect((await rig.ask()).status).toBe(429);
  });
});

describe('a week', () => {
  it('runs from the reset its provider names', async () => {
    const meters = { seven_day: { start: 0.1, per_output_token: 0, resets_in_s: 100_000 } };
    await using rig = await startRig({
      providers: { anthropic: { turn: TURN, meters } },
      quotas: { models: { [MODEL]: { provider: 'anthropic', weekly_limit_type: 'tokens', weekly_limit_value: 1000 } } },
    });
    await rig.ask();
    const usage = usageOf(await rig.usage());
    expect(usage).toMatchObject({ weekly_anchored: true, weekly_tokens: 150 });
    expect(Math.abs(usage.eta_weekly_sec! - 100_000)).toBeLessThan(5);
  });
});

describe('shadow mode', () => {
  it('lets pass what a quota would stop, and counts it', async () => {
    await using rig = await startRig({
      providers: { anthropic: { turn: TURN } },
      quotas: { models: { [MODEL]: { provider: 'anthropic', rolling_tokens: 150 } } },
      env: { CCP_FEATURES: 'quota_shadow' },
    });
    await rig.ask();
    expect((await rig.ask()).status).toBe(200);
    expect(usageOf(await rig.usage())).toMatchObject({ block: true, events: { shadowed: 1 } });
    expect((await rig.completions(2)).at(-1)).toMatchObject({
      shadow_decision: 'quota_block',
      decision: 'pass_through',
    });
  });
});

describe('numbers and names a client makes up', () => {
  it('a max_tokens out of all bounds neither fills nor lifts a quota', async () => {
    await using rig = await startRig({
      providers: { anthropic: { turn: TURN } },
      quotas: { models: { [MODEL]: { provider: 'anthropic', rolling_tokens: 200, reserve: 'max_tokens' } } },
    });
    const body = (max_tokens: unknown): object => ({ model: MODEL, max_tokens, messages: [], stream: true });
    await rig.ask({ body: body(10) });
    for (const wild of [-1e6, 1e308, 1e20, '9', null]) await rig.ask({ body: body(wild) });
    const usage = usageOf(await rig.usage());
    expect(usage.pending_tokens).toBe(0);
    expect(usage.rolling_tokens).toBeLessThanOrEqual(200 + 150);
    expect((await rig.ask({ body: body(-1e6) })).status).toBe(429);
  });

  it('a model past the bound on names is still held to its limit', async () => {
    await using rig = await startRig({
      providers: { anthropic: { turn: TURN } },
      quotas: { models: { 'claude-*': { provider: 'anthropic', rolling_tokens: 1_000_000 } } },
    });
    for (let index = 0; index < 210; index += 1) await rig.ask({ model: `made-up-${index}`, stream: false });
    await rig.ask({ model: 'claude-late-1' });
    const usage = await rig.usage();
    expect(usage.models['(other: claude-*)']).toMatchObject({
      rolling_tokens: 150,
      rolling_capacity_tokens: 1_000_000,
    });
  });
});

describe('a queue before a quota', () => {
  it('does not carry it past its cap: each is judged when its turn comes', async () => {
    await using rig = await startRig({
      providers: { anthropic: { turn: TURN } },
      lanes: { anthropic: { concurrency: 1 } },
      quotas: { models: { [MODEL]: { provider: 'anthropic', rolling_tokens: 1_000 } } },
    });
    // Nothing is learned yet, so all of them are expected to need little.
    const body = { model: MODEL, max_tokens: 1, messages: [], stream: true };
    const crowd = await Promise.all(Array.from({ length: 40 }, () => rig.ask({ body })));
    expect(crowd.filter(({ status }) => status === 200).length).toBeLessThanOrEqual(7);
    expect(usageOf(await rig.usage()).rolling_tokens).toBeLessThanOrEqual(1_050);
  });
});

describe('500 requests at once against a cap', () => {
  const body = { model: MODEL, max_tokens: 50, stream: true, messages: [{ role: 'user', content: 'x'.repeat(400) }] };

  async function flood(reserve: 'learned' | 'max_tokens', cap: number): Promise<{ used: number; served: number }> {
    await using rig = await startRig({
      providers: { anthropic: { turn: TURN } },
      quotas: { models: { [MODEL]: { provider: 'anthropic', rolling_tokens: cap, reserve } } },
    });
    if (reserve === 'learned') await rig.ask({ body });
    const crowd = await Promise.all(Array.from({ length: 500 }, () => rig.ask({ body })));
    const served = crowd.filter(({ status }) => status === 200).length;
    expect(crowd.every(({ status }) => status === 200 || status === 429)).toBe(true);
    const totals = rig.sims['anthropic']!.books.totals().models[MODEL]!;
    const used = totals.input + totals.output;
    expect(usageOf(await rig.usage()).rolling_tokens).toBe(used);
    return { used, served };
  }

  it('never passes it where all that max_tokens allows is set aside', async () => {
    const { used, served } = await flood('max_tokens', 20_000);
    expect(used).toBeLessThanOrEqual(20_000);
    expect(served).toBeGreaterThan(10);
  });

  it('passes it by less than the error of one estimate where that is learned', async () => {
    const { used, served } = await flood('learned', 20_000);
    // Each turn needs exactly what the one before it needed, so the estimate has no error.
    expect(used).toBeLessThanOrEqual(20_000);
    expect(served).toBe(Math.floor(20_000 / 150) - 1);
  });
});
