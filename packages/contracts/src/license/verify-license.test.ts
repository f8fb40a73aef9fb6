import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bindDevice,
  canonicalJson,
  checkEntitlement,
  deviceHash,
  licenseIdOf,
  licenseMetadata,
  parseKeyBundle,
  sealDocument,
  verifyLicense,
  verifyRevocations,
} from '../index.ts';
import type {
  LicenseClaims,
  LicenseContext,
  LicenseVerdict,
  TrustedKey,
  ValidLicense,
  ValidRevocations,
} from '../index.ts';

const NOW = 1_900_000_000;
const DAY = 86_400;
const DEVICE = deviceHash({ hostname: 'box', platform: 'linux', arch: 'x64' });

interface Signer {
  readonly row: { id: string; type: 'ed25519'; base64: string };
  readonly privateKey: KeyObject;
}

function newSigner(id: string): Signer {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const base64 = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32).toString('base64');
  return { row: { id, type: 'ed25519', base64 }, privateKey };
}

const one = newSigner('one');
const two = newSigner('two');

function keysOf(...rows: object[]): readonly TrustedKey[] {
  return parseKeyBundle(JSON.stringify({ version: '1', keys: rows })).keys;
}

const context: LicenseContext = {
  keys: keysOf(one.row, two.row),
  nowTs: NOW,
  lastSeenTs: null,
  device: DEVICE,
  revocations: null,
};
const claims: LicenseClaims = {
  schema: 'ccp.license.v1',
  plan: 'pro',
  features: ['zai_offload'],
  iat: NOW - DAY,
  exp: NOW + DAY,
  device: null,
  kid: 'one',
};

function packed(value: object, signer = one, text = canonicalJson(value, 'html')): string {
  return `{"license":${text},"signature":"${signatureOf(text, signer)}"}`;
}

function signatureOf(text: string, signer = one): string {
  return sign(null, Buffer.from(text), signer.privateKey).toString('base64');
}

function verdictOf(value: object, more: Partial<LicenseContext> = {}, signer = one): LicenseVerdict {
  return verifyLicense({ pack: packed(value, signer) }, { ...context, ...more });
}

function valid(verdict: LicenseVerdict): ValidLicense {
  if (verdict.ok) return verdict.license;
  throw new Error(verdict.denial.reason);
}

function codeOf(verdict: { ok: true } | { ok: false; denial: { code: string } }): string {
  return verdict.ok ? 'ok' : verdict.denial.code;
}

function revoked(list: object, seenSeq: number | null = null, signer = one): ValidRevocations | string {
  const sealed = sealDocument('revocations', { schema: 'ccp.revocations.v1', iat: NOW - 60, ...list }, (bytes) =>
    sign(null, bytes, signer.privateKey),
  );
  if (!sealed.ok) return sealed.reason;
  const verdict = verifyRevocations({ pack: sealed.pack }, { ...context, seenSeq });
  return verdict.ok ? verdict.revocations : verdict.denial.code;
}

function listed(list: object): ValidRevocations {
  const found = revoked(list);
  if (typeof found === 'string') throw new Error(found);
  return found;
}

describe('which bytes a signature counts for', () => {
  const value = { ...claims, sub: 'é <a&b>' };
  const spaced = JSON.stringify(value, null, 2);

  it('the bytes of the file, whatever they look like, in one file or two', () => {
    expect(codeOf(verifyLicense({ pack: packed(value, one, spaced) }, context))).toBe('ok');
    expect(codeOf(verifyLicense({ body: `${spaced}\n`, signature: signatureOf(`${spaced}\n`) }, context))).toBe('ok');
  });

  it.each(['html', 'ascii'] as const)('the %s form, when the file was written anew since', (form) => {
    const signature = signatureOf(canonicalJson(value, form));
    expect(codeOf(verifyLicense({ body: `${spaced}\n`, signature: `${signature}\n` }, context))).toBe('ok');
    expect(
      codeOf(verifyLicense({ pack: `\uFEFF ${JSON.stringify({ signature, license: value }, null, 1)}\n` }, context)),
    ).toBe('ok');
  });

  it('no other form, and no other text', () => {
    const signature = signatureOf(spaced.replaceAll('  ', '\t'));
    expect(codeOf(verifyLicense({ body: spaced, signature }, context))).toBe('bad_signature');
    const pack = packed(value).replace('"plan":"pro"', '"plan":"PRO"');
    expect(codeOf(verifyLicense({ pack }, context))).toBe('bad_signature');
  });

  it('our own issuer signs only what every reader verifies', () => {
    const signer = (bytes: Uint8Array): Uint8Array => sign(null, bytes, one.privateKey);
    expect(sealDocument('license', value, signer)).toEqual({
      ok: false,
      reason: 'holds characters beyond ASCII, or one of < > &',
    });
    fc.assert(
      fc.property(fc.string(), fc.array(fc.string()), (sub, features) => {
        const sealed = sealDocument('license', { ...claims, sub, features }, signer);
        if (!sealed.ok) return;
        for (const form of ['html', 'ascii'] as const)
          expect(canonicalJson(JSON.parse(sealed.body), form)).toBe(sealed.body);
        expect(codeOf(verifyLicense({ pack: sealed.pack }, context))).toBe('ok');
        expect(codeOf(verifyLicense({ body: sealed.body, signature: sealed.signature }, context))).toBe('ok');
      }),
      { numRuns: 50 },
    );
  });

  it.each([
    ['nothing', ''],
    ['no JSON', 'license'],
    ['a list', '[]'],
    ['no license', '{"signature":"AA=="}'],
    ['no signature', '{"license":{}}'],
    ['a signature of other length', '{"license":{},"signature":"AAAA"}'],
    ['a license named twice', '{"license":{},"license":{},"signature":"AAAA"}'],
    ['not UTF-8', Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d)],
    ['too much', `{"license":"${'a'.repeat(300_000)}"}`],
    ['deep nesting', '['.repeat(100_000)],
  ])('%s is unreadable, in words', (_name, pack) => {
    const verdict = verifyLicense({ pack }, context);
    expect(verdict).toMatchObject({ ok: false, denial: { code: 'unreadable' } });
  });

  it('reads nothing out of texts that it could throw for', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (pack) => {
        expect(verifyLicense({ pack }, context).ok).toBe(false);
        expect(verifyLicense({ body: pack, signature: signatureOf(pack) }, context).ok).toBe(false);
      }),
    );
  });
});

describe('keys', () => {
  it('a license names its key, and one without a name is tried with all', () => {
    expect(codeOf(verdictOf({ ...claims, kid: 'two' }))).toBe('bad_signature');
    expect(codeOf(verdictOf({ ...claims, kid: 'three' }))).toBe('unknown_key');
    const { kid: _kid, ...nameless } = claims;
    expect(valid(verdictOf(nameless, {}, two)).keyId).toBe('two');
    expect(codeOf(verdictOf(claims, { keys: [] }))).toBe('no_key');
  });

  it('a key that cannot be used is named and leaves the others in force, wherever it stands', () => {
    const bad = [
      { id: 'short', type: 'ed25519', base64: 'AAAA' },
      { id: 'text', type: 'ed25519', base64: 'not base64!' },
      { id: 'rsa', type: 'rsa', base64: one.row.base64 },
      {
        id: 'small',
        type: 'ed25519',
        base64: Buffer.from(Uint8Array.of(1, ...Array<number>(31).fill(0))).toString('base64'),
      },
      { id: 'late', type: 'ed25519', base64: two.row.base64, not_before: 'soon' },
      { id: 'one', type: 'ed25519', base64: two.row.base64 },
      { type: 'ed25519', base64: two.row.base64 },
      null,
      7,
    ];
    const { keys, problems } = parseKeyBundle(JSON.stringify({ keys: [one.row, ...bad, two.row] }));
    expect(keys.map(({ id }) => id)).toEqual(['one', 'two']);
    expect(problems).toHaveLength(bad.length);
    expect(problems.join('\n')).not.toContain('not base64!');
    expect(codeOf(verdictOf(claims, { keys }))).toBe('ok');
  });

  it.each(['', '[]', '{}', 'null', '{"keys":7}', '{"keys":'])('%s holds no key and says so', (text) => {
    const { keys, problems } = parseKeyBundle(text);
    expect({ keys, count: problems.length }).toEqual({ keys: [], count: 1 });
  });

  it.each([
    ['before its window', { not_before: NOW + 301 }, 'key_not_valid_now'],
    ['after its window', { not_after: new Date((NOW - 301) * 1000).toISOString() }, 'key_not_valid_now'],
    ['within it', { not_before: NOW - DAY, not_after: NOW + 1 }, 'ok'],
    ['issued before it', { not_before: NOW - DAY / 2 }, 'key_not_valid_now'],
  ])('a key %s', (_name, window, code) => {
    expect(codeOf(verdictOf(claims, { keys: keysOf({ ...one.row, ...window }) }))).toBe(code);
  });
});

describe('time', () => {
  it.each([
    ['ends a second from now', { exp: NOW + 1 }, 'ok'],
    ['ended within the skew', { exp: NOW - 299 }, 'ok'],
    ['ended at the skew', { exp: NOW - 300 }, 'expired'],
    ['is issued in the future', { iat: NOW + 301 }, 'not_yet_valid'],
    ['begins in the future', { nbf: NOW + 301 }, 'not_yet_valid'],
  ])('a license that %s', (_name, times, code) => {
    expect(codeOf(verdictOf({ ...claims, ...times }))).toBe(code);
  });

  it('a clock set back does not make an ended license valid again', () => {
    const later = { lastSeenTs: claims.exp + 300 };
    const verdict = verdictOf(claims, later);
    expect(verdict).toMatchObject({ denial: { code: 'clock_set_back' } });
    expect(codeOf(verdictOf({ ...claims, exp: NOW + 2 * DAY }, later))).toBe('ok');
  });

  it('a license that is asked after its end grants nothing any more', () => {
    const license = valid(verdictOf(claims));
    expect(codeOf(checkEntitlement(license, 'zai_offload', context))).toBe('ok');
    expect(codeOf(checkEntitlement(license, 'zai_offload', { nowTs: claims.exp + 300, lastSeenTs: null }))).toBe(
      'expired',
    );
  });
});

describe('devices', () => {
  it('hashes the names that earlier issuers hashed', () => {
    expect(deviceHash({ hostname: 'box', platform: 'win32', arch: 'x64' })).toBe(
      deviceHash({ hostname: 'box', platform: 'windows', arch: 'amd64' }),
    );
    expect(DEVICE).toBe('EJeNBbOhDEAJSrHZgMxhfSYt3XAaNSAq5zV+rOmdX1Q=');
  });

  it('a bound license counts on its device only, and nowhere when the device is not known', () => {
    const bound = { ...claims, device: DEVICE };
    expect(codeOf(verdictOf(bound))).toBe('ok');
    expect(
      codeOf(verdictOf(bound, { device: deviceHash({ hostname: 'other', platform: 'linux', arch: 'x64' }) })),
    ).toBe('wrong_device');
    expect(codeOf(verdictOf(bound, { device: null }))).toBe('wrong_device');
    expect(codeOf(bindDevice(valid(verdictOf(bound)), 'other'))).toBe('wrong_device');
    expect(codeOf(verdictOf({ ...claims, device: '' }, { device: null }))).toBe('ok');
  });
});

describe('revocation', () => {
  it('takes back licenses by id, whatever they are written like, and everything of a key', () => {
    const id = licenseIdOf(claims);
    const list = listed({ seq: 1, licenses: [id] });
    expect(codeOf(verdictOf(claims, { revocations: list }))).toBe('revoked');
    const spaced = packed(claims, one, JSON.stringify(claims, null, 2));
    expect(codeOf(verifyLicense({ pack: spaced }, { ...context, revocations: list }))).toBe('revoked');
    expect(codeOf(verdictOf({ ...claims, sub: 'other' }, { revocations: list }))).toBe('ok');
    expect(codeOf(verdictOf(claims, { revocations: listed({ seq: 2, keys: ['one'] }) }))).toBe('key_revoked');
  });

  it('an older list, one from the future and one that a stranger signed are refused', () => {
    expect(revoked({ seq: 4 }, 5)).toBe('older_than_seen');
    expect(revoked({ seq: 5 }, 5)).toMatchObject({ seq: 5 });
    expect(revoked({ seq: 1, iat: NOW + 301 })).toBe('not_yet_valid');
    expect(revoked({ seq: 1 }, null, newSigner('one'))).toBe('bad_signature');
  });

  it('a list that was not verified is a mistake, not an empty list', () => {
    const forged = { seq: 9, licenses: new Set<string>(), keys: new Set<string>(), keyId: 'one' };
    expect(() => verdictOf(claims, { revocations: forged })).toThrow('the revocation list was not verified');
  });
});

describe('what is entitled', () => {
  it('what the license names and nothing else', () => {
    const license = valid(verdictOf(claims));
    expect(checkEntitlement(license, 'telemetry_full', context)).toMatchObject({
      denial: { code: 'not_entitled', reason: 'the license (plan pro) does not include telemetry_full' },
    });
    expect(codeOf(checkEntitlement(license, 'constructor', context))).toBe('not_entitled');
    expect(codeOf(checkEntitlement(null, 'zai_offload', context))).toBe('no_license');
  });

  it('a look-alike that was never verified grants nothing, and a license cannot be widened', () => {
    const license = valid(verdictOf(claims));
    const forged = { ...license } as ValidLicense;
    expect(codeOf(checkEntitlement(forged, 'zai_offload', context))).toBe('not_validated');
    expect(codeOf(bindDevice(forged, DEVICE))).toBe('not_validated');
    expect(() => (license.claims.features as string[]).push('telemetry_full')).toThrow(TypeError);
  });

  it.each([
    ['another schema', { schema: 'ccp.license.v2' }],
    ['features that are no list', { features: 'zai_offload' }],
    ['no end', { exp: null }],
    ['an end before time', { exp: -1 }],
  ])('a license with %s is none', (_name, change) => {
    expect(codeOf(verdictOf({ ...claims, ...change }))).toBe('not_valid');
  });

  it('what is told of it: never the pack, its signature or whom it is for', () => {
    const told = licenseMetadata(verdictOf({ ...claims, sub: 'somebody' }));
    expect(told).toEqual({
      ok: true,
      plan: 'pro',
      features: ['zai_offload'],
      expires_at: '2030-03-18T17:46:40Z',
      key_id: 'one',
      license_id: expect.stringMatching(/^[0-9a-f]{64}$/) as unknown,
    });
    expect(licenseMetadata(verdictOf(claims, { keys: [] }))).toEqual({
      ok: false,
      code: 'no_key',
      reason: 'there is no key to check the license with',
    });
  });
});
