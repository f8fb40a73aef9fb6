import { generateKeyPairSync, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { canonicalJson, licenseIdOf } from '@ccp/contracts';
import type { LicenseClaims } from '@ccp/contracts';
import { describe, expect, test } from 'vitest';
import { tempDir } from '../testing/temp-dir.ts';
import { askLicenseInForce } from './license-in-force.ts';

const NOW = 2_000_000_000;

interface Home extends Disposable {
  readonly path: string;
  readonly write: (name: string, member: string, body: object) => void;
}

/** A home whose license and revocation list are signed with a key made here. */
function homeWithKey(): Home {
  const dir = tempDir();
  const folder = join(dir.path, '.config', 'ccp');
  mkdirSync(folder, { recursive: true });
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const base64 = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32).toString('base64');
  writeFileSync(
    join(folder, 'PUBKEYS.json'),
    JSON.stringify({ version: '1', keys: [{ id: 'k', type: 'ed25519', base64 }] }),
  );
  return {
    path: dir.path,
    write: (name, member, body) => writeFileSync(join(folder, name), signed(member, body, privateKey)),
    [Symbol.dispose]: () => dir[Symbol.dispose](),
  };
}

function signed(member: string, body: object, key: KeyObject): string {
  const text = canonicalJson(body, 'html');
  return `{"${member}":${text},"signature":"${sign(null, Buffer.from(text), key).toString('base64')}"}`;
}

const license = (exp: number): LicenseClaims => ({
  schema: 'ccp.license.v1',
  kid: 'k',
  sub: 'team',
  plan: 'pro',
  features: ['telemetry_minimized'],
  exp,
});

function ask(home: Home): ReturnType<ReturnType<typeof askLicenseInForce>> {
  return askLicenseInForce({}, home.path, () => NOW)('telemetry_minimized');
}

describe('the license in force, with a revocation list that is valid', () => {
  const revoked = (ids: readonly string[]): object => ({
    schema: 'ccp.revocations.v1',
    kid: 'k',
    seq: 1,
    iat: NOW - 60,
    licenses: ids,
  });

  test('counts while the list names others', () => {
    using home = homeWithKey();
    home.write('license.pack', 'license', license(NOW + 60));
    home.write('revocations.pack', 'revocations', revoked(['0'.repeat(64)]));
    expect(ask(home)).toMatchObject({ ok: true });
  });

  test('does not count once the list names it, once it has ended, or where there is none', () => {
    using home = homeWithKey();
    home.write('revocations.pack', 'revocations', revoked([licenseIdOf(license(NOW + 60))]));
    expect(ask(home)).toMatchObject({ ok: false, reason: expect.stringContaining('no license') });
    home.write('license.pack', 'license', license(NOW + 60));
    expect(ask(home)).toMatchObject({ ok: false, reason: expect.stringContaining('revoked') });
    home.write('revocations.pack', 'revocations', revoked([]));
    home.write('license.pack', 'license', license(NOW - 3_600));
    expect(ask(home).ok).toBe(false);
  });
});
