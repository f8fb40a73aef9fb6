import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseReadyz, parseUsage } from '@ccp/contracts';
import { describe, expect, it } from 'vitest';
import { licenseKit } from '../testing/license-kit.ts';
import { startRig, until, type Rig } from '../testing/rig.ts';

const GATED = {
  providers: { anthropic: {}, zai: {} },
  lanes: { zai: { requires: 'zai_offload' } },
  routes: [
    { pattern: 'claude-haiku*', provider: 'zai' },
    { pattern: '*', provider: 'anthropic' },
  ],
} as const;

async function laneOf(rig: Rig): Promise<string> {
  const { headers } = await rig.ask({ model: 'claude-haiku-4-5' });
  return `${String(headers['x-ccp-lane'])} ${String(headers['x-ccp-decision'])}`;
}

async function untilOpen(rig: Rig): Promise<void> {
  await until(async () => (await rig.usage()).lanes?.['zai']?.usable === true, 'the lane to open');
}

async function untilClosed(rig: Rig): Promise<void> {
  await until(async () => (await rig.usage()).lanes?.['zai']?.usable === false, 'the lane to close');
}

describe('a lane that requires a feature', () => {
  it('is closed without a license, opens with one and closes when it is revoked, without a restart', async () => {
    await using rig = await startRig(GATED);
    const kit = licenseKit();
    expect(await laneOf(rig)).toBe('anthropic license_block');
    expect(await rig.usage()).toMatchObject({ gated_lanes: { zai: 'license_block: needs zai_offload' } });
    expect((await rig.usage()).license).toBeUndefined();

    const { text, licenseId } = kit.pack(['zai_offload']);
    kit.put(rig.folder, 'license.pack', text);
    await until(async () => (await rig.usage()).license?.code === 'no_key', 'the license to be seen');
    expect(await laneOf(rig)).toBe('anthropic license_block');

    kit.putKeys(rig.folder);
    await untilOpen(rig);
    expect(await laneOf(rig)).toBe('zai forced_model');
    const usage = await rig.get('/v1/usage');
    expect(JSON.parse(usage.text)).toMatchObject({
      license: { ok: true, plan: 'pro', features: ['zai_offload'], key_id: 'test-key', license_id: licenseId },
      gated_lanes: {},
    });
    expect(parseUsage(JSON.parse(usage.text)).ok).toBe(true);
    const signature = (JSON.parse(text) as { signature: string }).signature;
    for (const path of ['/v1/usage', '/v1/readyz', '/metrics']) {
      const answer = (await rig.get(path)).text;
      expect(answer).not.toContain(signature);
      expect(answer).not.toContain('tester');
    }
    expect(rig.logged.join('\n')).not.toContain(signature);

    kit.put(rig.folder, 'revocations.pack', kit.revocations([licenseId]));
    await untilClosed(rig);
    expect(await laneOf(rig)).toBe('anthropic license_block');
    const readyz = JSON.parse((await rig.get('/v1/readyz')).text) as object;
    expect(parseReadyz(readyz).ok).toBe(true);
    expect(readyz).toMatchObject({
      license: { ok: false, code: 'revoked', reason: 'the license has been revoked' },
      gated_lanes: { zai: 'license_block: needs zai_offload' },
    });

    // Neither a missing list nor an older one gives the license back.
    rmSync(join(rig.folder, 'ccp', 'revocations.pack'));
    await until(async () => (await rig.usage()).license?.code === 'older_than_seen', 'the missing list to be noticed');
    expect(await laneOf(rig)).toBe('anthropic license_block');
  });

  it('closes by itself when the license ends, and a clock set back does not open it again', async () => {
    const kit = licenseKit();
    await using rig = await startRig(GATED);
    kit.putKeys(rig.folder);
    // Five minutes are allowed for clocks that differ: this one ends five seconds from now.
    kit.put(rig.folder, 'license.pack', kit.pack(['zai_offload'], -295).text);
    await rig.restart();
    expect(await laneOf(rig)).toBe('zai forced_model');
    await untilClosed(rig);
    expect((await rig.usage()).license).toMatchObject({ ok: false, code: 'expired' });

    const later = Date.now() / 1000 + 400 * 86_400;
    writeFileSync(join(rig.folder, 'state', 'license-seen.json'), JSON.stringify({ last_seen_ts: later }));
    kit.put(rig.folder, 'license.pack', kit.pack(['zai_offload']).text);
    await rig.restart();
    expect((await rig.usage()).license).toMatchObject({ ok: false, code: 'clock_set_back' });
    expect(await laneOf(rig)).toBe('anthropic license_block');
  });

  it('stays closed with a license for something else, a broken one and one from a stranger', async () => {
    const kit = licenseKit();
    await using rig = await startRig(GATED);
    kit.putKeys(rig.folder);
    for (const [text, code] of [
      [kit.pack(['telemetry_full']).text, undefined],
      [kit.pack(['zai_offload']).text.replace('"plan":"pro"', '"plan":"max"'), 'bad_signature'],
      [licenseKit('test-key').pack(['zai_offload']).text, 'bad_signature'],
      [licenseKit('other').pack(['zai_offload']).text, 'unknown_key'],
      ['{', 'unreadable'],
    ] as const) {
      kit.put(rig.folder, 'license.pack', text);
      await until(async () => {
        const { license } = await rig.usage();
        return license !== undefined && license.code === code;
      }, String(code));
      expect(await laneOf(rig)).toBe('anthropic license_block');
    }
  });

  it('opens by a pair of files and keys from the environment, a bad one among them', async () => {
    const kit = licenseKit();
    await using rig = await startRig(GATED);
    const { license, signature } = JSON.parse(kit.pack(['zai_offload']).text) as { license: object; signature: string };
    // Written anew by somebody's editor: the canonical form counts.
    kit.put(rig.folder, 'license.json', `${JSON.stringify(license, null, 2)}\n`);
    kit.put(rig.folder, 'license.json.sig', `${signature}\n`);
    await rig.restart({
      CC_LICENSE_JSON: join(rig.folder, 'ccp', 'license.json'),
      CCP_LICENSE_PUBKEY_B64: `AAAA, ${kit.row.id}=${kit.row.base64}`,
    });
    expect(await laneOf(rig)).toBe('zai forced_model');
    const { warnings } = JSON.parse((await rig.get('/v1/readyz')).text) as { warnings: string[] };
    expect(warnings).toContain('CCP_LICENSE_PUBKEY_B64: key 1 has 3 bytes, not 32');
  });
});
