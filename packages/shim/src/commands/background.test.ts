import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startSimulator, type Simulator } from '../simulator/simulator.ts';
import { runShim } from '../testing/child.ts';

let home: string;
let sim: Simulator;
beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'shim-background-'));
  sim = await startSimulator({});
  mkdirSync(join(home, '.config', 'ccp'), { recursive: true });
  writeFileSync(
    join(home, '.config', 'ccp', 'providers.yaml'),
    `providers:\n  keyed:\n    base_url: ${sim.url}\n    key_env: LANE_KEY\nroutes:\n  - pattern: '*'\n    provider: keyed\n`,
  );
  writeFileSync(join(home, '.config', 'ccp', 'env'), 'LANE_KEY="from the file"\n', { mode: 0o600 });
});
afterAll(async () => {
  await shim('stop', '--force');
  await sim.close();
  rmSync(home, { recursive: true, force: true });
});

async function shim(...args: string[]): Promise<{ code: number | string; out: string; err: string }> {
  await using child = runShim(args, {}, home);
  const code = await child.exit();
  return { code, out: child.stdout(), err: child.stderr() };
}

/** Where the newest start listens. */
function listening(log: string): string {
  const line =
    readFileSync(log, 'utf8')
      .trim()
      .split('\n')
      .findLast((text) => text.includes('"listening"')) ?? '{}';
  return (JSON.parse(line) as { url: string }).url;
}

async function turn(url: string): Promise<number> {
  const answer = await fetch(`${url}/v1/messages`, { method: 'POST', body: '{"model":"m","max_tokens":9}' });
  await answer.text();
  return answer.status;
}

async function requests(url: string): Promise<number> {
  const usage = (await (await fetch(`${url}/v1/usage`)).json()) as { models: Record<string, { reqs: number }> };
  return usage.models['m']?.reqs ?? 0;
}

describe('the shim in the background', () => {
  it('has its keys from the env file, and is started again as it was, with its books', async () => {
    expect(await shim('start', '--detach', '--port', '0')).toMatchObject({ code: 0, err: '' });
    const log = join(home, '.local', 'state', 'ccp', 'ccp-shim.log');
    expect(await turn(listening(log))).toBe(200);
    expect(await shim('restart')).toMatchObject({ code: 0, err: '' });
    expect(await requests(listening(log))).toBe(1);
    const stopped = await shim('stop');
    expect(stopped.out).toMatch(/^shim is stopped \(pid \d+\)\n$/);
  }, 60_000);

  it('refuses what serve would refuse, in one line and at once', async () => {
    const refused = await shim('start', '--detach', '--host', '0.0.0.0');
    expect(refused.code).toBe(1);
    expect(refused.err).toMatch(/^shim: --host 0\.0\.0\.0 would let other machines .*\n$/);
  });

  it('refuses an env file that others can read', async () => {
    const file = join(home, '.config', 'ccp', 'env');
    chmodSync(file, 0o644);
    try {
      expect((await shim('start', '--detach')).err).toContain(`(mode 644): chmod 600 ${file}`);
    } finally {
      chmodSync(file, 0o600);
    }
  });

  it('writes no key into a unit', async () => {
    await using child = runShim(
      ['service', 'print', '--for', 'systemd', '--port', '9'],
      { CCP_LOGS_DIR: '/l', CCP_API_KEY: 'k-1', ZAI_API_KEY: 'k-2' },
      home,
    );
    expect(await child.exit()).toBe(0);
    expect(child.stdout()).toContain('Environment="CCP_LOGS_DIR=/l"');
    expect(child.stdout()).toContain('serve --json --port 9');
    expect(child.stdout()).not.toMatch(/k-[12]/);
  });
});
