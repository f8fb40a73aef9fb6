import { createHash } from 'node:crypto';
import { canonicalJson } from '../canonical-json.ts';
import type { LicenseClaims } from '../generated/types.ts';
import { parse } from '../parse.ts';
import { atText, denied, type Denied } from './denial.ts';
import type { TrustedKey } from './key-bundle.ts';
import { assertVerified, type ValidRevocations } from './revocations.ts';
import { readSigned, type SignedFiles } from './signed-document.ts';
import { CLOCK_SKEW_S, judgedTs, signerOf, type Clock } from './trust.ts';

declare const validated: unique symbol;

/** A license that has been verified. Only {@link verifyLicense} makes one; a look-alike is refused at run time too. */
export interface ValidLicense {
  readonly [validated]: true;
  readonly claims: Readonly<LicenseClaims>;
  /** Key that signed it. */
  readonly keyId: string;
  /** SHA-256 of the canonical claims, hex: what a revocation list names. */
  readonly licenseId: string;
}

export interface LicenseContext extends Clock {
  readonly keys: readonly TrustedKey[];
  /** This device, as `deviceHash` makes it; null: unknown, and a license bound to a device does not count. */
  readonly device: string | null;
  /** Null: there is no list. */
  readonly revocations: ValidRevocations | null;
}

export type LicenseVerdict = { readonly ok: true; readonly license: ValidLicense } | Denied;

export type Entitlement = { readonly ok: true } | Denied;

const valid = new WeakSet<ValidLicense>();

/**
 * Reads and verifies a license: signature over the bytes, else over a canonical form; key, time, revocation, device.
 * Anything in doubt denies, with the reason in words. Never throws for what the files hold.
 */
export function verifyLicense(files: SignedFiles, context: LicenseContext): LicenseVerdict {
  if (context.revocations !== null) assertVerified(context.revocations);
  const document = readSigned(files, 'license');
  if (typeof document === 'string') return denied('unreadable', `the license ${document}`, REPLACE);
  const parsed = parse('license', document.value);
  if (!parsed.ok) {
    const { path, reason } = parsed.problems[0] ?? { path: '', reason: 'is not valid' };
    return denied('not_valid', `the license is not one: ${path} ${reason}`, REPLACE);
  }
  const claims = parsed.value;
  const signer = signerOf(
    document,
    { what: 'license', kid: claims.kid, iat: claims.iat },
    { ...context, revokedKeys: context.revocations?.keys ?? new Set() },
  );
  if (!signer.ok) return signer;
  const untimely = whyUntimely(claims, context);
  if (untimely !== null) return untimely;
  const licenseId = licenseIdOf(claims);
  if (context.revocations?.licenses.has(licenseId) === true)
    return denied('revoked', 'the license has been revoked', 'Ask its issuer why, or install another one');
  const license = Object.freeze({
    claims: Object.freeze({ ...claims, features: Object.freeze([...claims.features]) }),
    keyId: signer.key.id,
    licenseId,
  }) as unknown as ValidLicense;
  valid.add(license);
  return bindDevice(license, context.device);
}

/** Refuses a license that is bound to another device, or to one where this device is not known. */
export function bindDevice(license: ValidLicense, device: string | null): LicenseVerdict {
  if (!valid.has(license)) return NOT_VALIDATED;
  const bound = license.claims.device ?? '';
  if (bound === '' || bound === device) return { ok: true, license };
  return denied(
    'wrong_device',
    'the license is bound to another device',
    'Get one for this device: shim license login',
  );
}

/** Whether a verified license, at this time, carries the feature. No license, no feature. */
export function checkEntitlement(license: ValidLicense | null, feature: string, clock: Clock): Entitlement {
  if (license === null) return NO_LICENSE;
  if (!valid.has(license)) return NOT_VALIDATED;
  const untimely = whyUntimely(license.claims, clock);
  if (untimely !== null) return untimely;
  if (license.claims.features.includes(feature)) return { ok: true };
  return denied(
    'not_entitled',
    `the license (plan ${license.claims.plan}) does not include ${feature}`,
    `Get a license with ${feature}`,
  );
}

/** What a revocation list calls this license. */
export function licenseIdOf(claims: LicenseClaims): string {
  return createHash('sha256').update(canonicalJson(claims, 'html')).digest('hex');
}

const REPLACE = 'Install it again: shim license install FILE';
const NO_LICENSE = denied('no_license', 'there is no license', 'Install one: shim license install FILE');
const NOT_VALIDATED = denied('not_validated', 'the license was not verified', 'Verify it before asking what it allows');

function whyUntimely(claims: LicenseClaims, clock: Clock): Denied | null {
  const skew = clock.skewS ?? CLOCK_SKEW_S;
  const ts = judgedTs(clock);
  const begins = Math.max(claims.iat ?? 0, claims.nbf ?? 0);
  if (ts + skew < begins)
    return denied('not_yet_valid', `the license begins ${atText(begins)}`, 'Check the clock of this computer');
  const ends = claims.exp + skew;
  if (clock.nowTs >= ends)
    return denied('expired', `the license has ended (${atText(claims.exp)})`, 'Renew it: shim license login');
  if (ts >= ends)
    return denied(
      'clock_set_back',
      `the clock says ${atText(clock.nowTs)}, but it was ${atText(ts)} here before, when the license had ended`,
      'Set the clock right, or renew the license',
    );
  return null;
}
