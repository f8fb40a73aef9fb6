import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseQuotas } from '@ccp/contracts';
import { describe, expect, it, vi } from 'vitest';
import { runShim } from '../testing/child.ts';
import { startRig } from '../testing/rig.ts';
import { fixture, serveAnswers } from '../testing/surface-server.ts';

// Every run is a process of its own, which takes seconds on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

interface Ended {
  readonly code: number | string;
  readonly out: string;
  readonly err: string;
}

async function quotas(url: string, ...args: string[]): Promise<Ended> {
  await using child = runShim(['quotas', ...args], { CCP_BASE_URL: url, COLUMNS: '140' });
  return { code: await child.exit(), out: child.stdout(), err: child.stderr() };
}

const QUOTAS = {
  models: {
    'claude-sonnet-*': { provider: 'anthropic', rolling_tokens: 200_000, warn_pct: 0.8, anchor: null },
    'claude-opus-*': { weekly_limit_type: 'hours', weekly_limit_value: 40, reserve: 'max_tokens' },
  },
};

describe('shim quotas', () => {
  it('shows the limits in use, also without a word, and as JSON', async () => {
    await using rig = await startRig({ quotas: QUOTAS });
    const { code, out, err } = await quotas(rig.url);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toContain(`${rig.folder}/quotas.json\n  loaded 20`);
    expect(out).toContain('windows 5h 00m and 7d 0h');
    expect(out).toMatch(/claude-sonnet-\* +anthropic +200k +no cap +80% +1\/1\/1\/0 +learned +slides/);
    expect(out).toMatch(
      /claude-opus-\* +every +no cap +40 h \(shown only\) +– +1\/1\/1\/0 +max_tokens +as the provider says/,
    );
    expect(out).toMatch(/▲ .*quotas\.json:1: models\.claude-opus-\* has a weekly limit in hours/);
    expect((await quotas(rig.url, 'show')).out).toBe(out);
    for (const args of [['--json'], ['show', '--json']])
      expect(parseQuotas(JSON.parse((await quotas(rig.url, ...args)).out)).ok).toBe(true);
  });

  it('reload takes what the file says now, or another file beside it, and prints it', async () => {
    await using rig = await startRig({ quotas: QUOTAS });
    writeFileSync(join(rig.folder, 'weekend.json'), '{"models":{"claude-*":{"rolling_tokens":7000}}}');
    const { code, out } = await quotas(rig.url, 'reload', 'weekend.json');
    expect(code).toBe(0);
    expect(out).toMatch(/weekend\.json[^]*claude-\* +every +7\.0k/);
    const again = await quotas(rig.url, 'reload', join(rig.folder, 'quotas.json'), '--json');
    expect(Object.keys((JSON.parse(again.out) as typeof QUOTAS & { config: typeof QUOTAS }).config.models)).toContain(
      'claude-opus-*',
    );
  });

  it('prints why a reload was refused, and what is in use stays', async () => {
    await using rig = await startRig({ quotas: QUOTAS });
    const file = join(rig.folder, 'quotas.json');
    writeFileSync(file, '{\n"models": {\n}');
    const refused = await quotas(rig.url, 'reload');
    expect(refused).toMatchObject({ code: 1, out: '' });
    expect(refused.err).toContain(`invalid quotas: ${file}:3: not valid JSON. Check commas`);
    expect(refused.err.trim().split('\n')).toHaveLength(1);
    expect((await quotas(rig.url, 'reload', '/etc/passwd')).err).toContain('is outside the folder of the quotas file');
    expect((await quotas(rig.url)).out).toContain('claude-sonnet-*');
  });

  it('what an older shim does not tell is –', async () => {
    await using server = await serveAnswers({ '/v1/quotas': fixture('quotas/older-writer') });
    expect((await quotas(server.url)).out).toMatch(/claude-haiku-4\.5 +zai +300k +40 h \(shown only\) +80% +– +– +–\n/);
    await using empty = await serveAnswers({ '/v1/quotas': fixture('quotas/built-in-defaults') });
    expect((await quotas(empty.url)).out).toContain('no quota file: everything is counted, nothing is capped');
  });

  it('says that no shim runs; leaves with 2 on a word it does not know', async () => {
    const gone = await serveAnswers({});
    await gone[Symbol.asyncDispose]();
    expect((await quotas(gone.url, 'reload')).err).toContain('start it with: shim serve --port');
    expect(await quotas(gone.url, 'forget')).toMatchObject({ code: 2, out: '' });
  });
});
