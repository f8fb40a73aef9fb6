import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ModelUsage } from '@ccp/contracts';
import { describe, expect, it, vi } from 'vitest';
import type { Behaviour } from '../simulator/script.ts';
import { startSimulator } from '../simulator/simulator.ts';
import { numberOf, openDatabase } from '../store/db/sqlite.ts';
import { runShim } from '../testing/child.ts';
import { startRig, until, type Rig, type RigOptions } from '../testing/rig.ts';
import { runToEnd, type Run } from '../testing/run-to-end.ts';
import { seed } from './probe/seed.ts';

// Each command is a process of its own, which takes a second or more to start on a busy machine.
vi.setConfig({ testTimeout: 90_000 });

const TURN = { usage: { input: 110, output: 90, cache_read: 5_000 } };
const ROUTES = [
  { pattern: 'glm*', provider: 'zai', fallback: ['anthropic'] },
  { pattern: '*', provider: 'anthropic' },
];

async function rigWith(zai: Behaviour, options: RigOptions = {}): Promise<Rig> {
  return startRig({ providers: { anthropic: {}, zai: { turn: TURN, ...zai } }, routes: ROUTES, ...options });
}

function envOf(folder: string): Record<string, string> {
  return {
    CCP_STATE_DIR: join(folder, 'state'),
    CCP_PROVIDERS_FILE: join(folder, 'providers.yaml'),
    ZAI_KEY: 'key-of-zai',
  };
}

async function probe(rig: Rig, ...args: readonly string[]): Promise<Run> {
  return runToEnd(['probe', 'glm', '--url', rig.url, '--pause', '1ms', ...args], envOf(rig.folder));
}

type Fits = NonNullable<ModelUsage['fits']>;

interface Told {
  readonly stopped: string | null;
  readonly readings: readonly { readonly tokens: number; readonly used: Readonly<Record<string, number>> }[];
  readonly fits: readonly {
    readonly meter: string;
    readonly capacity_tokens: number;
    readonly low: number | null;
    readonly high: number | null;
    readonly pairs: readonly unknown[];
    readonly discarded: number;
  }[];
}

function told({ out }: Run): Told {
  return JSON.parse(out) as Told;
}

async function fitsShown(url: string): Promise<Fits> {
  const usage = (await (await fetch(`${url}/v1/usage`)).json()) as { models: Record<string, ModelUsage> };
  return usage.models['glm-4.6']?.fits ?? [];
}

function countOf(folder: string, sql: string): number | null {
  const db = openDatabase(join(folder, 'state', 'ccp.sqlite3'), { readOnly: true });
  try {
    return numberOf(db, sql);
  } finally {
    db.close();
  }
}

describe('shim probe glm', () => {
  it('finds what the windows hold, and the running shim shows it, once', async () => {
    await using rig = await rigWith({ zai_quota: { tokens_5h: 20_000, tokens_week: 400_000 } });
    const run = await probe(rig, '--requests', '12', '--yes', '--json');
    expect({ code: run.code, err: run.err }).toEqual({ code: 0, err: '' });
    const { stopped, readings, fits } = told(run);
    expect(stopped).toBeNull();
    expect(readings.map(({ tokens }) => tokens)).toEqual(Array.from({ length: 13 }, (_, index) => index * 200));
    expect(readings.at(-1)?.used).toEqual({ 'zai-5h': 0.12, 'zai-7d': 0.006 });
    for (const [index, capacity] of [20_000, 400_000].entries()) {
      const fit = fits[index]!;
      expect(fit.low).toBeLessThan(capacity);
      expect(fit.high ?? Infinity).toBeGreaterThan(capacity);
      expect(fit).toMatchObject({ discarded: 0, capacity_tokens: expect.closeTo(capacity, 3) });
      expect(fit.pairs).toHaveLength(12);
    }
    const shown = await fitsShown(rig.url);
    expect(shown).toMatchObject([
      { lane: 'zai', meter: 'zai-5h', pairs: 12 },
      { lane: 'zai', meter: 'zai-7d', pairs: 12 },
    ]);
    // Nothing is left that could be taken over once more.
    const left =
      "SELECT count(*) FROM state WHERE name >= 'calibration_probe' AND name < 'calibration_q' AND json <> 'null'";
    expect(countOf(rig.folder, left)).toBe(0);
    await rig.ask({ path: '/v1/quotas/reload' });
    expect(await fitsShown(rig.url)).toEqual(shown);

    // What was measured is added up over probes, in a table for people.
    const second = await probe(rig, '--requests', '3', '--yes');
    expect(second.out).toMatch(/REQUEST +TOKENS +zai-5h +zai-7d\n +0 +0 +12% +0\.6%\n +1 +200 +13% +0\.65%/);
    expect(second.out).toMatch(/zai-5h +20,000 +[\d,]+ +[\d,]+ +3 +0\n/);
    expect((await fitsShown(rig.url))[0]).toMatchObject({ pairs: 15 });
  });

  it('is lost neither to what the shim learns meanwhile nor to its death', async () => {
    const meters = { five_hour: { start: 0.1, per_output_token: 0.0002, resets_in_s: 9_000 } };
    const sim = await startSimulator({
      name: 'zai',
      behaviour: { turn: TURN, meters, zai_quota: { tokens_5h: 20_000 } },
    });
    await using home = runShim(['--version']);
    await home.exit();
    const env = envOf(home.home);
    mkdirSync(join(home.home, 'state'), { recursive: true });
    const providers = { zai: { base_url: `${sim.url}/api/anthropic`, key_env: 'ZAI_KEY' } };
    writeFileSync(
      join(home.home, 'providers.yaml'),
      JSON.stringify({ providers, routes: [{ pattern: '*', provider: 'zai' }] }),
    );
    const serve = ['serve', '--port', '0', '--json'];
    const pairsOf = async (url: string): Promise<Record<string, number>> =>
      Object.fromEntries((await fitsShown(url)).map(({ meter, pairs }) => [meter, pairs]));

    await using first = runShim(serve, env, home.home);
    const { url } = (await first.ready()) as { url: string };
    const args = ['probe', 'glm', '--url', url, '--pause', '1ms', '--requests', '6', '--yes'];
    expect(await runToEnd(args, env)).toMatchObject({ code: 0, err: '' });
    // Every answer teaches the shim something, which it writes down, too.
    const body = JSON.stringify({ model: 'glm-4.6', max_tokens: 9, messages: [] });
    for (let n = 0; n < 5; n += 1) await (await fetch(`${url}/v1/messages`, { method: 'POST', body })).text();
    expect(await pairsOf(url)).toMatchObject({ 'zai-5h': 6, 'unified-5h': expect.any(Number) });
    first.process.kill('SIGKILL');
    await first.exit();

    await using second = runShim(serve, env, home.home);
    const again = (await second.ready()) as { url: string };
    expect(await pairsOf(again.url)).toMatchObject({ 'zai-5h': 6 });
    second.process.kill('SIGTERM');
    await second.exit();
    await using third = runShim(serve, env, home.home);
    expect(await pairsOf(((await third.ready()) as { url: string }).url)).toMatchObject({ 'zai-5h': 6 });
    await sim.close();
  });

  it('is taken over once, however often the shim is told, and nonsense in its place is left alone', async () => {
    await using rig = await rigWith({});
    await rig.ask({ model: 'glm-4.6' });
    const path = join(rig.folder, 'state', 'ccp.sqlite3');
    const evidence = { version: 1, lane: 'zai', model: 'glm-4.6' } as const;
    await seed(path, { ...evidence, fits: [{ meter: 'zai-5h', pairs: [{ tokens: 200, moved: 0.01 }] }] }, 0);
    await seed(path, { ...evidence, fits: [{ meter: 'zai-7d', pairs: [{ tokens: '200', moved: 1 } as never] }] }, 0);
    await Promise.all(['', '', ''].map(async () => rig.ask({ path: '/v1/quotas/reload' })));
    expect(await fitsShown(rig.url)).toMatchObject([{ meter: 'zai-5h', pairs: 1, capacity_tokens: 20_000 }]);
  });

  it('reads whole percents from rise to rise, with the key as Bearer where that is asked for', async () => {
    await using rig = await rigWith({
      zai_quota: { tokens_5h: 14_000, percent_only: true, authorization: 'bearer' },
    });
    const run = await probe(rig, '--requests', '20', '--yes', '--json');
    expect({ code: run.code, err: run.err }).toEqual({ code: 0, err: '' });
    const [fit] = told(run).fits;
    expect(fit).toMatchObject({ meter: 'zai-5h', discarded: 0 });
    expect(fit!.low).toBeLessThan(14_000);
    expect(fit!.high).toBeGreaterThan(14_000);
  });

  it('counts no interval in which others used the lane', async () => {
    await using rig = await rigWith({ turn: { ...TURN, ttft_ms: 40 }, zai_quota: { tokens_5h: 50_000 } });
    const running = probe(rig, '--requests', '12', '--yes', '--json');
    await until(async () => ((await rig.usage()).lanes?.['zai']?.requests ?? 0) >= 4, 'the probe to be under way');
    await rig.ask({ model: 'glm-4.5', stream: false });
    const run = await running;
    const [fit] = told(run).fits;
    expect(run.code).toBe(0);
    expect(fit!.discarded).toBeGreaterThan(0);
    expect(fit!.pairs.length + fit!.discarded).toBe(12);
    expect(fit!.capacity_tokens).toBeCloseTo(50_000, 3);
  });

  it('keeps what was measured when it is interrupted, or when the plan is used up', async () => {
    await using rig = await rigWith({ turn: { ...TURN, ttft_ms: 30 }, zai_quota: { tokens_5h: 50_000 } });
    const env = envOf(rig.folder);
    await using child = runShim(
      ['probe', 'glm', '--url', rig.url, '--pause', '1ms', '--requests', '500', '--yes', '--json'],
      env,
    );
    await until(
      async () => ((await rig.usage()).lanes?.['zai']?.requests ?? 0) >= 6,
      'the probe to be under way',
      30_000,
    );
    child.process.kill('SIGINT');
    expect(await child.exit()).toBe(0);
    expect(child.stderr()).toBe('shim: it ended early: interrupted\n');
    const interrupted = JSON.parse(child.stdout()) as Told;
    expect(interrupted).toMatchObject({
      stopped: 'interrupted',
      fits: [{ capacity_tokens: expect.closeTo(50_000, 3) }],
    });
    expect((await fitsShown(rig.url))[0]!.pairs).toBe(interrupted.fits[0]!.pairs.length);

    const reject = { match: { nth: 4 }, then: { act: 'reject', kind: 'five_hour', reset_in_s: 600 } } as const;
    rig.sims['zai']!.setBehaviour({ turn: TURN, rules: [reject], zai_quota: { tokens_5h: 50_000 } });
    rig.sims['anthropic']!.setBehaviour({ rules: [{ then: { act: 'error', status: 401 } }] });
    const run = await probe(rig, '--requests', '9', '--yes', '--json');
    expect(run.err).toMatch(/^shim: it ended early: status 429 from zai: .*\n$/);
    expect(told(run).fits[0]!.pairs).toHaveLength(3);
  });

  it('spends nothing without a yes, and says what it would send', async () => {
    await using rig = await rigWith({ zai_quota: { tokens_5h: 20_000 } });
    const refused = await probe(rig, '--requests', '7', '--tokens', '50');
    expect(refused).toMatchObject({ code: 2, out: '' });
    expect(refused.err).toBe(
      'shim: this would spend quota: 7 requests for glm-4.6 to zai, each about 50 tokens in and at most 50 out, about 700 tokens in all: give --yes to go on without being asked\n',
    );
    const usage = [
      ['--requests', '0'],
      ['--requests', '9999'],
      ['--tokens', 'x'],
      ['--pause', '1d'],
    ];
    for (const { code } of await Promise.all(usage.map((args) => probe(rig, ...args)))) expect(code).toBe(2);
    expect(rig.sims['zai']!.books.totals().requests).toBe(0);
  });

  it('says in one line why it can not measure, before it spends anything', async () => {
    await using rig = await rigWith({ zai_quota: { tokens_5h: 20_000, authorization: 'bearer' } });
    const env = envOf(rig.folder);
    const run = async (args: readonly string[], part: Readonly<Record<string, string>> = {}): Promise<Run> =>
      runToEnd(['probe', 'glm', '--url', rig.url, '--yes', ...args], { ...env, ...part });
    const cases: readonly (readonly [Promise<Run>, RegExp])[] = [
      [run(['--lane', 'none']), /has no lane none: give --lane with one of anthropic, zai/],
      [run([], { ZAI_KEY: '' }), /the lane zai has no key of its own here \(missing_key: set ZAI_KEY\): set its key/],
      [
        run(['--lane', 'anthropic', '--model', 'claude-x']),
        /the lane anthropic has no key of its own here \(it passes/,
      ],
      [run(['--model', 'claude-x']), /claude-x is routed to anthropic, not to zai: give --model .* matches glm\*/],
      [run(['--url', 'http://127.0.0.1:9']), /127\.0\.0\.1:9 can't be asked/],
      [
        run([], { CCP_STATE_DIR: join(rig.folder, 'other') }),
        /keeps its database at .*, not at .*other.*: give the same --state-dir/,
      ],
      [
        run(['--quota-url', `${rig.sims['anthropic']!.url}/api/monitor/usage/quota/limit`]),
        /is not there \(status 404\): give/,
      ],
      [
        run(['--quota-url', `${rig.sims['zai']!.url}/v1/models`]),
        /refuses the lane's key or the question \(the answer lists no limits\)/,
      ],
    ];
    for (const [running, pattern] of cases) {
      const { code, out, err } = await running;
      expect({ code, out, lines: err.trim().split('\n').length }).toEqual({ code: 1, out: '', lines: 1 });
      expect(err).toMatch(pattern);
      expect(err).not.toContain('key-of-zai');
    }
    expect(existsSync(join(rig.folder, 'other'))).toBe(false);
    expect(rig.sims['zai']!.books.totals().models).toEqual({});

    rig.sims['zai']!.setBehaviour({ zai_quota: {} });
    expect((await probe(rig, '--yes')).err).toMatch(
      /lists no window of 5 hours or a week.*there is nothing a probe could measure/,
    );
    rig.sims['zai']!.setBehaviour({ zai_quota: { tokens_week: 1e12, percent_only: true } });
    const still = await probe(rig, '--yes', '--requests', '2');
    expect(still.code).toBe(1);
    expect(still.err).toBe(
      'shim: the meters have not moved enough to measure anything: send more with --requests or --tokens\n',
    );
    expect(await fitsShown(rig.url)).toEqual([]);
  });
});
