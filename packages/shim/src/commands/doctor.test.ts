import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { runShim } from '../testing/child.ts';
import { startRig } from '../testing/rig.ts';
import { cellsOf } from './text/line.ts';
import type { Finding } from './doctor/finding.ts';

// Every run is a process of its own, which takes seconds on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

const SECRET = 'sk-never-shown-0123456789';

async function doctor(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  await using child = runShim(['doctor', '--json', ...args], { COLUMNS: '100', ...env });
  const code = await child.exit();
  const out = child.stdout();
  const { findings } = JSON.parse(out) as { findings: Finding[] };
  const of = (check: string): Finding[] => findings.filter((one) => one.check === check);
  return { code, out, of };
}

describe('shim doctor', () => {
  it('is content with a shim that can serve, and shows no key', async () => {
    await using rig = await startRig();
    const env = { ANTHROPIC_BASE_URL: rig.url, ANTHROPIC_AUTH_TOKEN: SECRET };
    const files = ['--providers', join(rig.folder, 'providers.yaml'), '--state-dir', rig.folder, '--url', rig.url];
    const { code, out, of } = await doctor(files, env);
    expect(of('shim')).toMatchObject([{ grade: 'ok' }]);
    expect(of('client')).toMatchObject([{ grade: 'ok' }]);
    expect(of('upstream').map(({ grade }) => grade)).toContain('ok');
    expect([...of('lane'), ...of('providers'), ...of('log')].every(({ grade }) => grade === 'ok')).toBe(true);
    expect(code).toBe(0);
    expect(out).not.toContain(SECRET);
  });

  it('names what is in the way, with a remedy each, and leaves with 1', async () => {
    await using rig = await startRig();
    const providers = join(rig.folder, 'broken.yaml');
    writeFileSync(providers, 'providers:\n  a: { base_url: "http://127.0.0.1:9", key_env: NOT_SET }\nroutes: 7\n');
    const args = ['--providers', providers, '--state-dir', join(providers, 'state'), '--url', 'http://127.0.0.1:9'];
    const { code, of } = await doctor(args, { HTTP_PROXY: 'http://127.0.0.1:9', NO_PROXY: 'example.org' });
    expect(code).toBe(1);
    const found = ['shim', 'providers', 'log', 'client', 'proxy'].flatMap(of);
    expect(found.map(({ check, grade }) => `${check} ${grade}`)).toEqual([
      'shim bad',
      'providers bad',
      'log bad',
      'client warn',
      'proxy warn',
    ]);
    expect(found.filter(({ remedy }) => remedy === null)).toEqual([]);
    expect(of('providers')[0]?.found).toContain('broken.yaml:3');
  });

  it('asks each provider for the time, unless told to stay offline', async () => {
    const server = createServer((_request, response) =>
      response.writeHead(404, { date: new Date(Date.now() - 3_600_000).toUTCString() }).end(),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await using rig = await startRig();
    const providers = join(rig.folder, 'one.yaml');
    writeFileSync(
      providers,
      `providers:\n  one: { base_url: "${url}", pass_through: true }\nroutes: [{ pattern: "*", provider: one }]\n`,
    );
    const args = ['--providers', providers, '--url', rig.url];
    const asked = await doctor(args);
    expect(asked.of('upstream')).toMatchObject([{ grade: 'ok' }]);
    expect(asked.of('clock')).toMatchObject([{ grade: 'warn', found: expect.stringMatching(/^3\d\d\d s ahead/) }]);
    const offline = await doctor([...args, '--offline']);
    expect([...offline.of('upstream'), ...offline.of('clock')]).toEqual([]);
    server.close();
  });

  it.each([40, 80])('fits %i columns', async (width) => {
    await using child = runShim(['doctor', '--offline', '--url', 'http://127.0.0.1:9'], { COLUMNS: String(width) });
    expect(await child.exit()).toBe(1);
    const lines = child.stdout().trimEnd().split('\n');
    expect(Math.max(...lines.filter((line) => !line.includes('/')).map(cellsOf))).toBeLessThanOrEqual(width);
    expect(lines.at(-1)).toMatch(/^\d+ ok, \d+ to look at, \d+ to mend$/);
  });
});

describe('shim env', () => {
  async function env(args: readonly string[], variables: Readonly<Record<string, string>> = {}) {
    await using child = runShim(['env', ...args], variables);
    return { code: await child.exit(), out: child.stdout() };
  }

  it('prints lines a shell can take, and a key only as the file it stands in', async () => {
    await using rig = await startRig();
    const file = join(rig.folder, "it's a key");
    writeFileSync(file, `${SECRET}\n`);
    const { code, out } = await env(['--shell', 'sh', '--url', 'http://127.0.0.1:8099', '--api-key-file', file]);
    expect(code).toBe(0);
    expect(out).not.toContain(SECRET);
    const { execFileSync } = await import('node:child_process');
    const print = 'printf "%s|%s" "$ANTHROPIC_BASE_URL" "$ANTHROPIC_CUSTOM_HEADERS"';
    const seen = execFileSync('sh', ['-c', `${out}\n${print}`], { encoding: 'utf8' });
    expect(seen).toBe(`http://127.0.0.1:8099|x-ccp-key: ${SECRET}`);
  });

  it('speaks fish and PowerShell, and takes back what it set', async () => {
    expect((await env(['--shell', 'fish'])).out).toContain("set -gx ANTHROPIC_BASE_URL 'http://127.0.0.1:8082'");
    expect((await env(['--shell', 'powershell'])).out).toContain("$env:ANTHROPIC_BASE_URL = 'http://127.0.0.1:8082'");
    expect((await env(['--shell', 'sh', '--unset'])).out).toContain('unset ANTHROPIC_BASE_URL');
    expect(JSON.parse((await env(['--json'])).out)).toMatchObject({ ANTHROPIC_BASE_URL: 'http://127.0.0.1:8082' });
  });
});
