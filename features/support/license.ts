import { generateKeyPairSync, sign } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Puts a license with some features, and the key it is checked with, where shim and tracker look for them. */
export function installLicense(home: string, features: readonly string[]): void {
  const folder = join(home, '.config', 'ccp');
  mkdirSync(folder, { recursive: true });
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const base64 = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32).toString('base64');
  const exp = Math.floor(Date.now() / 1000) + 86_400;
  const body = JSON.stringify({ exp, features, kid: 'test', plan: 'pro', schema: 'ccp.license.v1', sub: 'team' });
  const signature = sign(null, Buffer.from(body), privateKey).toString('base64');
  const keys = [{ id: 'test', type: 'ed25519', base64 }];
  writeFileSync(join(folder, 'PUBKEYS.json'), JSON.stringify({ version: '1', keys }));
  writeFileSync(join(folder, 'license.pack'), `{"license":${body},"signature":"${signature}"}`);
}
