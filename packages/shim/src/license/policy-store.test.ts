import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sealDocument } from '@ccp/contracts';
import { describe, expect, it } from 'vitest';
import { licenseKit } from '../testing/license-kit.ts';
import { startRig, until, type Rig } from '../testing/rig.ts';
import { serveAnswers } from '../testing/surface-server.ts';

const kit = licenseKit();
const POLICY = {
  version: '2030-01-01.1',
  expiresAt: '2099-01-01T00:00:00Z',
  routing: [
    { pattern: 'claude-haiku*', lane: 'zai' },
    { pattern: 'claude-opus*', lane: 'nowhere' },
  ],
};

function sealed(policy: object): { body: string; signature: string; pack: string } {
  const document = sealDocument('policy', policy, (bytes) => kit.key.sign(bytes));
  if (!document.ok) throw new Error(document.reason);
  return document;
}

/** Routes of the user's for one model only; the rest is the policy's. */
const RIG = {
  providers: { anthropic: {}, zai: {} },
  routes: [{ pattern: 'claude-sonnet*', provider: 'anthropic' }],
} as const;

async function laneOf(rig: Rig, model: string): Promise<unknown> {
  return (await rig.ask({ model })).headers['x-ccp-lane'];
}

async function policyOf(rig: Rig): Promise<unknown> {
  return (JSON.parse((await rig.get('/v1/readyz')).text) as { policy?: unknown }).policy;
}

describe('a signed routing policy', () => {
  it('is fetched, verified, kept, verified again at the next start, and routes what the user does not', async () => {
    await using server = await serveAnswers({ '/policy': sealed(POLICY).pack });
    await using rig = await startRig(RIG);
    kit.putKeys(rig.folder);
    expect(await laneOf(rig, 'claude-haiku-4-5')).toBe('anthropic');
    await rig.restart({ CCP_POLICY_URL: `${server.url}/policy` });
    await until(async () => (await laneOf(rig, 'claude-haiku-4-5')) === 'zai', 'the policy to be in use');
    expect(await laneOf(rig, 'claude-sonnet-4-5')).toBe('anthropic');
    expect(await policyOf(rig)).toMatchObject({ ok: true, version: '2030-01-01.1', key_id: 'test-key', reason: null });
    const { warnings } = JSON.parse((await rig.get('/v1/readyz')).text) as { warnings: string[] };
    expect(warnings.join('\n')).toContain('<policy 2030-01-01.1>: it names lane nowhere, which is not configured');

    // Without the network the one that is kept serves.
    await rig.restart({ CCP_POLICY_URL: 'http://127.0.0.1:9/policy' });
    expect(await laneOf(rig, 'claude-haiku-4-5')).toBe('zai');

    // One that was changed on disk leaves the last good one in use, and is no policy at the next start.
    const cache = join(rig.folder, 'state', 'policy.cache.json');
    const forged = { ...POLICY, routing: [{ pattern: '*', lane: 'zai' }] };
    const { signature } = sealed(POLICY);
    const body = Buffer.from(JSON.stringify(forged)).toString('base64');
    writeFileSync(cache, JSON.stringify({ body_base64: body, signature }));
    await until(async () => ((await policyOf(rig)) as { ok: boolean }).ok === false, 'the forgery to be noticed');
    expect(await laneOf(rig, 'claude-haiku-4-5')).toBe('zai');
    expect(await laneOf(rig, 'gpt-x')).toBe('anthropic');
    await rig.restart();
    expect(await laneOf(rig, 'claude-haiku-4-5')).toBe('anthropic');
    expect(await policyOf(rig)).toMatchObject({
      ok: false,
      version: null,
      reason: expect.stringContaining('signature') as unknown,
    });
  });

  it.each([
    ['unsigned', { '/policy': JSON.stringify(POLICY), '/policy.sig': 'AAAA' }],
    ['ended', { '/policy': sealed({ ...POLICY, expiresAt: '2020-01-01T00:00:00Z' }).pack }],
    ['by a stranger', { '/policy': sealed(POLICY).pack.replace('"signature":"', '"signature":"A') }],
    ['missing', { '/policy': 404 }],
  ])('is not used when it is %s', async (_name, answers) => {
    await using server = await serveAnswers(answers);
    await using rig = await startRig({ ...RIG, env: { CCP_POLICY_URL: `${server.url}/policy` } });
    kit.putKeys(rig.folder);
    await rig.restart();
    await until(() => rig.logged.some((line) => line.startsWith('warn: ') && line.includes('policy')), 'the refusal');
    expect(await laneOf(rig, 'claude-haiku-4-5')).toBe('anthropic');
  });

  it('may come as a document and its signature, whose very bytes count', async () => {
    const body = `${JSON.stringify(POLICY, null, 2)}\n`;
    const signature = Buffer.from(kit.key.sign(Buffer.from(body))).toString('base64');
    await using server = await serveAnswers({ '/policy': body, '/policy.sig': `${signature}\n` });
    await using rig = await startRig(RIG);
    kit.putKeys(rig.folder);
    await rig.restart({ CCP_POLICY_URL: `${server.url}/policy` });
    await until(async () => (await laneOf(rig, 'claude-haiku-4-5')) === 'zai', 'the policy to be in use');
    expect(await policyOf(rig)).toMatchObject({ ok: true });
  });
});
