import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { runShim } from '../testing/child.ts';
import { startRig } from '../testing/rig.ts';
import { fixture, serveAnswers } from '../testing/surface-server.ts';
import { cellsOf } from './text/line.ts';

// Every run is a process of its own, which takes seconds on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

async function providers(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  await using child = runShim(['providers', ...args], { COLUMNS: '180', ...env });
  return { code: await child.exit(), out: child.stdout(), err: child.stderr() };
}

const SECRET = 'sk-never-shown-0123456789';
const RIG = {
  providers: { anthropic: {}, zai: {}, spare: {} },
  lanes: {
    anthropic: { fallback_env: 'MY_TOKEN' },
    zai: { concurrency: 4, requires: 'zai_offload', header_mode: 'bearer' },
    spare: { key_env: 'NOT_SET' },
  },
  routes: [
    { pattern: 'claude-haiku*', provider: 'zai', fallback: ['anthropic'], when: { subagent: true } },
    { pattern: '*', provider: 'anthropic' },
  ],
};

describe('shim providers', () => {
  it('lists credentials by name, routes and the state in a running shim', async () => {
    await using rig = await startRig(RIG);
    const file = join(rig.folder, 'providers.yaml');
    const args = ['--providers', file, '--url', rig.url];
    const env = { ZAI_KEY: SECRET, MY_TOKEN: SECRET };
    const { code, out, err } = await providers(args, env);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(
      /anthropic +http:\/\/127\S+ +pass-through, else MY_TOKEN set +x-api-key +any +nothing +claude-haiku\* when.* +● usable/,
    );
    expect(out).toMatch(
      /zai +http\S+ +ZAI_KEY set +authorization +4 +zai_offload +claude-haiku\* when.* +■ license_block: needs zai_offload/,
    );
    expect(out).toMatch(/spare +http\S+ +NOT_SET missing +x-api-key +any +nothing +none +■ missing_key: set NOT_SET/);
    const json = (await providers([...args, '--json'], env)).out;
    expect(out + json).not.toContain(SECRET);
    expect(JSON.parse(json)).toMatchObject({
      path: file,
      shim_problem: null,
      providers: [
        { id: 'anthropic', routes: ['claude-haiku* when subagent=true (fallback)', '*'], live: { ok: true } },
        { id: 'zai', credential: { kind: 'key', env: 'ZAI_KEY', env_set: true }, concurrency: 4, live: { ok: false } },
        { id: 'spare', credential: { env_set: false, fallback_env: null } },
      ],
    });
    for (const width of [60, 80, 120]) {
      const lines = (await providers(args, { COLUMNS: String(width) })).out.split('\n').slice(1);
      expect(Math.max(...lines.map(cellsOf))).toBeLessThanOrEqual(width);
    }
  });

  it('the built-in catalogue, without a shim: the state is not known', async () => {
    const gone = await serveAnswers({});
    await gone[Symbol.asyncDispose]();
    const { code, out } = await providers(['--url', gone.url], { ZAI_API_KEY: SECRET });
    expect(code).toBe(0);
    expect(out).toMatch(
      /<built-in>[^]*anthropic +https:\/\/api\.anthropic\.com +pass-through, else ANTHROPIC_AUTH_TOKEN missing/,
    );
    expect(out).toMatch(/zai +https:\S+ +ZAI_API_KEY set .* –\n/);
    expect(out).toMatch(/state not known: no shim answers at .* start it with/);
    expect(out).not.toContain(SECRET);
  });

  it('asks an older shim at its own path', async () => {
    await using server = await serveAnswers({ '/v1/readyz': 404, '/readyz': fixture('readyz/older-writer') });
    const { out } = await providers(['--url', server.url], { ZAI_API_KEY: SECRET });
    expect(out).toMatch(/anthropic .*● usable/);
    expect(out).toMatch(/zai .*■ timeout/);
  });

  it('names file, line and remedy of a file that can not be used', async () => {
    await using home = runShim(['--version']);
    await home.exit();
    const file = join(home.home, 'p.yaml');
    writeFileSync(
      file,
      'providers:\n  a:\n    base_url: http://127.0.0.1:1\nroutes:\n  - pattern: "*"\n    provider: b\n',
    );
    const { code, out, err } = await providers([], { CCP_PROVIDERS_FILE: file });
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toMatch(/^shim: .*p\.yaml:5: routes\[0\] names the provider "b", which is not defined\. Add it .*\n$/);
  });
});
