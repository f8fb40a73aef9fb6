import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { runShim } from '../testing/child.ts';
import { startRig } from '../testing/rig.ts';
import { fixture, serveAnswers } from '../testing/surface-server.ts';

// Every run is a process of its own, which takes seconds on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

async function config(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  await using child = runShim(['config', ...args], env);
  return { code: await child.exit(), out: child.stdout(), err: child.stderr() };
}

const QUOTAS = { models: { 'claude-sonnet-*': { rolling_tokens: 1000, warn_pct: 0.8 }, 'claude-opus-*': {} } };

describe('shim config check', () => {
  it('says what a shim would make of the files, with every warning', async () => {
    await using rig = await startRig({ lanes: { anthropic: { nickname: 'a', colour: 'b' } }, quotas: QUOTAS });
    const files = ['--providers', join(rig.folder, 'providers.yaml'), '--quotas', join(rig.folder, 'quotas.json')];
    const { code, out } = await config(['check', ...files]);
    expect(code).toBe(0);
    expect(out).toMatch(/▲ warn +providers .*providers\.yaml: 1 providers, 1 routes/);
    expect(out).toMatch(/providers\.yaml:1: providers\.anthropic\.nickname is not used by this version\. It is kept/);
    expect(out).toMatch(/providers\.yaml:1: providers\.anthropic\.colour is not used/);
    expect(out).toMatch(/● ok +quotas .*quotas\.json: 2 limits/);
    expect(JSON.parse((await config(['check', ...files, '--json'])).out)).toMatchObject({
      ok: true,
      files: [
        { kind: 'providers', ok: true, warnings: [{ line: 1 }, { line: 1 }] },
        { kind: 'quotas', problem: null },
      ],
    });
  });

  it('without files says what is used instead', async () => {
    const { code, out } = await config(['check']);
    expect(code).toBe(0);
    expect(out).toMatch(/providers\.yaml: does not exist: the built-in catalogue is used/);
    expect(out).toMatch(/quotas\.json: does not exist: everything is counted, nothing is capped/);
  });

  it('prints the first problem of each file with its line, and leaves with 1', async () => {
    await using home = runShim(['--version']);
    await home.exit();
    const [providers, quotas] = [join(home.home, 'p.yaml'), join(home.home, 'q.json')];
    writeFileSync(providers, 'providers:\n  a:\n    base_url: nowhere\n');
    writeFileSync(quotas, '{"models": {\n "m": {"rolling_tokens": "many"}}}');
    const files = ['--providers', providers, '--quotas', quotas];
    const { code, out } = await config(['check', ...files]);
    expect(code).toBe(1);
    expect(out).toMatch(/■ bad +providers .*\n.*p\.yaml:3: .*base_url.*\. \S+/);
    expect(out).toMatch(/■ bad +quotas .*\n.*q\.json:2: \/models\/m\/rolling_tokens must be .*\. \S+/);
    const json = await config(['check', ...files, '--json']);
    expect(json.code).toBe(1);
    expect(JSON.parse(json.out)).toMatchObject({
      ok: false,
      files: [{ problem: { line: 3 } }, { problem: { line: 2 } }],
    });
    const missing = await config(['check', '--quotas', join(home.home, 'none.json')]);
    expect(missing).toMatchObject({ code: 1 });
    expect(missing.out).toMatch(/none\.json: does not exist\. Check the path/);
  });

  it('a setting that can not be used is one line on stderr; no word at all is a usage error', async () => {
    expect(await config(['check'], { CCP_REROUTE_MODE: 'sometimes' })).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringMatching(/^shim: .*CCP_REROUTE_MODE.*\n$/),
    });
    expect((await config([])).code).toBe(2);
    expect((await config(['check', '--quotas'])).code).toBe(2);
  });
});

describe('shim config diff', () => {
  it('finds no differences to the shim that uses the files', async () => {
    await using rig = await startRig({ quotas: QUOTAS });
    const files = ['--providers', join(rig.folder, 'providers.yaml'), '--quotas', join(rig.folder, 'quotas.json')];
    const { code, out } = await config(['diff', '--url', rig.url, ...files]);
    expect({ code, out }).toEqual({ code: 0, out: `no differences to the shim at ${rig.url}\n` });
  });

  it('lists lanes and limits that are new, gone or other', async () => {
    await using rig = await startRig({ providers: { anthropic: {}, zai: {} }, quotas: QUOTAS });
    const [providers, quotas] = [join(rig.folder, 'p.yaml'), join(rig.folder, 'q.json')];
    writeFileSync(
      providers,
      'providers:\n  anthropic: {base_url: "https://user:pw@example.org/v1/messages"}\n  spare: {base_url: "http://127.0.0.1:9"}\n',
    );
    const models = {
      'claude-sonnet-*': { rolling_tokens: 2000, warn_pct: 0.8, weights: { cache_read: 0.1 }, anchor: null },
      'claude-haiku-*': { provider: 'anth', weekly_limit_value: 5e6 },
    };
    writeFileSync(quotas, JSON.stringify({ windows: { rolling_seconds: 3600 }, models }));
    const args = ['diff', '--url', rig.url, '--providers', providers, '--quotas', quotas];
    const { code, out } = await config(args);
    expect(code).toBe(0);
    const { zai, anthropic } = rig.sims;
    expect(out.trim().split('\n')).toEqual([
      `▲ the shim uses providers from ${rig.folder}/providers.yaml, compared is ${providers}`,
      `▲ the shim uses quotas from ${rig.folder}/quotas.json, compared is ${quotas}`,
      `~ changed lane anthropic: url ${anthropic!.url} → https://example.org`,
      `- removed lane zai: ${zai!.url}`,
      '+ added lane spare: http://127.0.0.1:9',
      '~ changed window rolling_seconds: 18000 → 3600',
      '~ changed quota claude-sonnet-*: rolling_tokens 1000 → 2000',
      '~ changed quota claude-sonnet-*: weights.cache_read 0 → 0.1',
      '~ changed quota claude-sonnet-*: anchor as the provider says → slides',
      '- removed quota claude-opus-*: every lane, rolling no cap, weekly no cap',
      '+ added quota claude-haiku-*: anthropic, rolling no cap, weekly 5000000 tokens',
    ]);
    const json = JSON.parse((await config([...args, '--json'])).out) as { same: boolean; differences: unknown[] };
    expect(json.same).toBe(false);
    expect(json.differences).toHaveLength(9);
    expect(json.differences).toContainEqual({
      what: 'quota',
      name: 'claude-sonnet-*',
      change: 'changed',
      key: 'rolling_tokens',
      old: '1000',
      new: '2000',
    });
  });

  it('does not compare what an older shim does not tell', async () => {
    await using home = runShim(['--version']);
    await home.exit();
    const older = fixture('quotas/older-writer');
    const quotas = join(home.home, 'q.json');
    writeFileSync(quotas, JSON.stringify(older['config']));
    await using server = await serveAnswers({
      '/v1/quotas': older,
      '/v1/readyz': 404,
      '/readyz': fixture('readyz/older-writer'),
    });
    const { out } = await config(['diff', '--url', server.url, '--quotas', quotas], { ZAI_API_KEY: 'x' });
    expect(out).toContain('no differences');
  });

  it('says that no shim runs, and names a bad file before it asks', async () => {
    const gone = await serveAnswers({});
    await gone[Symbol.asyncDispose]();
    expect(await config(['diff', '--url', gone.url])).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringMatching(/no shim answers at .*: start it with: shim serve/),
    });
    await using home = runShim(['--version']);
    await home.exit();
    const file = join(home.home, 'q.json');
    writeFileSync(file, '{');
    const bad = await config(['diff', '--url', gone.url, '--quotas', file]);
    expect(bad.code).toBe(1);
    expect(bad.err).toMatch(/^shim: .*q\.json:1: not valid JSON\. Check commas.*\n$/);
  });
});
