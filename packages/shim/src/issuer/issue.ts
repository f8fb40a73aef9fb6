import { randomBytes } from 'node:crypto';
import { licenseIdOf, sealDocument, type LicenseClaims, type Revocations, type SealedDocument } from '@ccp/contracts';
import type { SigningKey } from './signing-key.ts';

/** What is granted, and to whom. */
export interface Grant {
  readonly sub: string;
  readonly plan: string;
  readonly features: readonly string[];
  readonly expTs: number;
  /** Hash of the one device it may be used on; null: any. */
  readonly device: string | null;
}

export interface IssuedLicense {
  readonly claims: LicenseClaims;
  readonly licenseId: string;
  readonly sealed: SealedDocument;
}

/** A signed license, or why none can be made of this grant. */
export function issueLicense(grant: Grant, key: SigningKey, nowTs: number): IssuedLicense | string {
  const claims: LicenseClaims = {
    schema: 'ccp.license.v1',
    sub: grant.sub,
    plan: grant.plan,
    features: [...grant.features],
    iat: Math.floor(nowTs),
    exp: Math.floor(grant.expTs),
    device: grant.device,
    kid: key.kid,
    nonce: randomBytes(16).toString('base64url'),
  };
  const sealed = sealDocument('license', claims, (bytes) => key.sign(bytes));
  if (!sealed.ok) return sealed.reason;
  return { claims, licenseId: licenseIdOf(claims), sealed };
}

/** The list after `before` (null: the first), with more taken back. */
export function issueRevocations(
  before: Revocations | null,
  more: { readonly licenses: readonly string[]; readonly keys: readonly string[] },
  key: SigningKey,
  nowTs: number,
): { readonly list: Revocations; readonly sealed: SealedDocument } | string {
  const list: Revocations = {
    schema: 'ccp.revocations.v1',
    seq: (before?.seq ?? 0) + 1,
    iat: Math.floor(nowTs),
    kid: key.kid,
    licenses: [...new Set([...(before?.licenses ?? []), ...more.licenses])].toSorted(),
    keys: [...new Set([...(before?.keys ?? []), ...more.keys])].toSorted(),
  };
  const sealed = sealDocument('revocations', list, (bytes) => key.sign(bytes));
  return sealed.ok ? { list, sealed } : sealed.reason;
}
