import { readFileSync, statSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';
import { parseKeyBundle } from '@ccp/contracts';
import type { SignedFiles, TrustedKey } from '@ccp/contracts';
import { systemErrorCode } from '../problem.ts';

/** The files a license consists of; the same that the shim looks at, by the same names. */
export interface LicenseFiles {
  readonly pack: string;
  /** Two files instead of one; null: none was named. */
  readonly split: { readonly license: string; readonly signature: string } | null;
  readonly keys: string;
  /** Keys from the environment: `base64` or `kid=base64`, with commas between. */
  readonly extraKeys: string;
  readonly revocations: string;
  /** What the shim has seen before; only read. */
  readonly seenByShim: string;
  /** What was seen here before. */
  readonly seen: string;
}

export function licenseFiles(env: NodeJS.ProcessEnv, home: string): LicenseFiles {
  const configDir = join(absolute(env['XDG_CONFIG_HOME']) ?? join(home, '.config'), 'ccp');
  const stateDir =
    env['CCP_STATE_DIR'] || join(absolute(env['XDG_STATE_HOME']) ?? join(home, '.local', 'state'), 'ccp');
  const license = env['CC_LICENSE_JSON'] || undefined;
  return {
    pack: resolve(env['CC_LICENSE_PACK'] || join(configDir, 'license.pack')),
    split:
      license === undefined
        ? null
        : { license: resolve(license), signature: resolve(env['CC_LICENSE_SIG'] || `${license}.sig`) },
    keys: resolve(env['CCP_LICENSE_PUBKEYS'] || join(configDir, 'PUBKEYS.json')),
    extraKeys: env['CCP_LICENSE_PUBKEY_B64'] ?? '',
    revocations: resolve(env['CCP_LICENSE_REVOCATIONS'] || join(configDir, 'revocations.pack')),
    seenByShim: join(stateDir, 'license-seen.json'),
    seen: join(stateDir, 'tracker-license-seen.json'),
  };
}

function absolute(folder: string | undefined): string | null {
  return folder !== undefined && isAbsolute(folder) ? folder : null;
}

/** Changes when one of the files does. */
export function stampOf({ pack, split, keys, revocations }: LicenseFiles): string {
  const files = [...(split === null ? [pack] : [split.license, split.signature]), keys, revocations];
  return files
    .map((file) => {
      const stat = statSync(file, { throwIfNoEntry: false, bigint: true });
      return stat === undefined ? '-' : `${stat.dev} ${stat.ino} ${stat.size} ${stat.mtimeNs}`;
    })
    .join(', ');
}

/** The bytes of a file, or the system's code of why not. */
export function bytesOf(file: string): Uint8Array | string {
  try {
    return readFileSync(file);
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === undefined) throw error;
    return code;
  }
}

/** The license as it lies there; a text says why it can't be read, `ENOENT`: there is none. */
export function licenseOf({ pack, split }: LicenseFiles): SignedFiles | string {
  if (split === null) {
    const bytes = bytesOf(pack);
    return typeof bytes === 'string' ? bytes : { pack: bytes };
  }
  const body = bytesOf(split.license);
  if (typeof body === 'string') return body;
  const signature = bytesOf(split.signature);
  // A license without its signature is not the same as none.
  if (typeof signature === 'string') return signature === 'ENOENT' ? 'no signature' : signature;
  return { body, signature };
}

/** Keys that signatures are believed of. One that can't be used leaves the others in force. */
export function trustedKeys({ keys, extraKeys }: LicenseFiles): readonly TrustedKey[] {
  const bytes = bytesOf(keys);
  const bundle = typeof bytes === 'string' ? [] : parseKeyBundle(Buffer.from(bytes).toString('utf8')).keys;
  const rows = extraKeys.split(',').flatMap((item, index) => {
    const text = item.trim();
    // Base64 may end in `=`: only what stands before another character is a name.
    const named = /^([^=]+)=([^=].*)$/.exec(text);
    return text === '' ? [] : [{ id: named?.[1] ?? `env_${index + 1}`, type: 'ed25519', base64: named?.[2] ?? text }];
  });
  return [...bundle, ...parseKeyBundle(JSON.stringify({ keys: rows })).keys];
}
