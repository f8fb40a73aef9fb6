import { generateKeyPairSync, sign } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface TestLicense {
  /** Writes a license with these features, valid for a day unless told otherwise. */
  install(features: readonly string[], claims?: Readonly<Record<string, unknown>>): void;
}

/** An issuer of its own, whose key lies beside the license in the configuration folder of a test. */
export function licenseIn(configHome: string): TestLicense {
  const folder = join(configHome, 'ccp');
  mkdirSync(folder, { recursive: true });
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const base64 = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32).toString('base64');
  writeFileSync(
    join(folder, 'PUBKEYS.json'),
    JSON.stringify({ version: '1', keys: [{ id: 'test', type: 'ed25519', base64 }] }),
  );
  return {
    install: (features, claims = {}) => {
      const now = Math.floor(Date.now() / 1000);
      const license = {
        exp: now + 86_400,
        features,
        iat: now - 60,
        kid: 'test',
        plan: 'pro',
        schema: 'ccp.license.v1',
        sub: 'team',
        ...claims,
      };
      const body = JSON.stringify(license);
      const signature = sign(null, Buffer.from(body), privateKey).toString('base64');
      writeFileSync(join(folder, 'license.pack'), `{"license":${body},"signature":"${signature}"}`);
    },
  };
}
