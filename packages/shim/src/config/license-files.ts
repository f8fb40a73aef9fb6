import { join, resolve } from 'node:path';

/** Where a license, the keys to check it with and what was revoked lie. All of them are looked at while the shim runs. */
export interface LicenseFiles {
  /** One file with both parts. */
  readonly pack: string;
  /** Two files instead of one; null: none was named. */
  readonly split: { readonly license: string; readonly signature: string } | null;
  /** `PUBKEYS.json`. */
  readonly keys: string;
  /** Keys from the environment: `base64` or `kid=base64`, with commas between. */
  readonly extraKeys: string;
  readonly revocations: string;
  /** What was seen here before, so that a clock set back or an older list gains nothing. Not configuration. */
  readonly seen: string;
}

/** The configuration folder, unless the environment names other files. */
export function licenseFiles(
  env: Readonly<Record<string, string | undefined>>,
  configDir: string,
  stateDir: string,
): LicenseFiles {
  const license = env['CC_LICENSE_JSON'];
  return {
    pack: resolve(env['CC_LICENSE_PACK'] ?? join(configDir, 'license.pack')),
    split:
      license === undefined
        ? null
        : { license: resolve(license), signature: resolve(env['CC_LICENSE_SIG'] ?? `${license}.sig`) },
    keys: resolve(env['CCP_LICENSE_PUBKEYS'] ?? join(configDir, 'PUBKEYS.json')),
    extraKeys: env['CCP_LICENSE_PUBKEY_B64'] ?? '',
    revocations: resolve(env['CCP_LICENSE_REVOCATIONS'] ?? join(configDir, 'revocations.pack')),
    seen: join(stateDir, 'license-seen.json'),
  };
}

/** The files whose change is a reason to look again. */
export function watchedLicenseFiles({ pack, split, keys, revocations }: LicenseFiles): readonly string[] {
  return [pack, ...(split === null ? [] : [split.license, split.signature]), keys, revocations];
}
