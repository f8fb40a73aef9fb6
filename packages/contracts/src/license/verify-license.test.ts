import { generateKeyPairSync, sign } from 'node:crypto';
import { expect, it } from 'vitest';
import { checkEntitlement, deviceHash, licenseMetadata, parseKeyBundle, verifyLicense } from '../index.ts';
import type { LicenseContext, ValidLicense } from '../index.ts';

const NOW = 1_900_000_000;
const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const base64 = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32).toString('base64');
const { keys } = parseKeyBundle(JSON.stringify({ version: '1', keys: [{ id: 'one', type: 'ed25519', base64 }] }));
const device = deviceHash({ hostname: 'box', platform: 'linux', arch: 'x64' });
const context: LicenseContext = { keys, nowTs: NOW, lastSeenTs: null, device, revocations: null };
const claims = { device: null, exp: NOW + 60, features: ['zai_offload'], plan: 'pro', schema: 'ccp.license.v1' };

function packed(text: string): string {
  const signature = sign(null, Buffer.from(text), privateKey).toString('base64');
  return `{"license":${text},"signature":"${signature}"}`;
}

it('a signed license is valid and grants what it names and nothing else', () => {
  const verdict = verifyLicense({ pack: packed(JSON.stringify(claims)) }, context);
  if (!verdict.ok) throw new Error(verdict.denial.reason);
  expect(checkEntitlement(verdict.license, 'zai_offload', context)).toEqual({ ok: true });
  expect(checkEntitlement(verdict.license, 'telemetry_full', context)).toMatchObject({
    denial: { code: 'not_entitled', reason: 'the license (plan pro) does not include telemetry_full' },
  });
  expect(licenseMetadata(verdict)).toMatchObject({ ok: true, plan: 'pro', key_id: 'one' });
});

it('a look-alike that was never verified grants nothing', () => {
  const forged = { claims, keyId: 'one', licenseId: '' } as unknown as ValidLicense;
  expect(checkEntitlement(forged, 'zai_offload', context)).toMatchObject({ denial: { code: 'not_validated' } });
});
