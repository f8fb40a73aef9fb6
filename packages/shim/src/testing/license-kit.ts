import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { issueLicense, issueRevocations } from '../issuer/issue.ts';
import { newSigningKey, signingKeyOf, type SigningKey } from '../issuer/signing-key.ts';

/** A key made for one test, and what can be signed with it. */
export interface LicenseKit {
  readonly key: SigningKey;
  readonly row: { readonly id: string; readonly type: 'ed25519'; readonly base64: string };
  /** A pack with these features, for `seconds` from now. */
  pack(features: readonly string[], seconds?: number): { readonly text: string; readonly licenseId: string };
  revocations(licenses: readonly string[]): string;
  /** Writes a file into the configuration folder under `home`. */
  put(home: string, name: string, text: string): void;
  /** The bundle with this key, where a shim looks for it. */
  putKeys(home: string): void;
}

export function licenseKit(kid = 'test-key'): LicenseKit {
  const { pem, publicBase64 } = newSigningKey();
  const key = signingKeyOf(pem, kid);
  if (key === null) throw new Error('a new key can be read');
  const row = { id: kid, type: 'ed25519', base64: publicBase64 } as const;
  const nowTs = (): number => Date.now() / 1000;
  const put = (home: string, name: string, text: string): void => {
    mkdirSync(join(home, 'ccp'), { recursive: true });
    writeFileSync(join(home, 'ccp', name), text);
  };
  return {
    key,
    row,
    pack: (features, seconds = 3600) => {
      const grant = { sub: 'tester', plan: 'pro', features, expTs: nowTs() + seconds, device: null };
      const issued = issueLicense(grant, key, nowTs() + Math.min(0, seconds));
      if (typeof issued === 'string') throw new Error(issued);
      return { text: issued.sealed.pack, licenseId: issued.licenseId };
    },
    revocations: (licenses) => {
      const next = issueRevocations(null, { licenses, keys: [] }, key, nowTs());
      if (typeof next === 'string') throw new Error(next);
      return next.sealed.pack;
    },
    put,
    putKeys: (home) => put(home, 'PUBKEYS.json', JSON.stringify({ version: '1', keys: [row] })),
  };
}
