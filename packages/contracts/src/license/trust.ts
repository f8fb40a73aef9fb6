import { denied, atText, type Denied } from './denial.ts';
import { verifyEd25519 } from './ed25519.ts';
import type { TrustedKey } from './key-bundle.ts';
import { signedForms, type SignedDocument } from './signed-document.ts';

/** How far two clocks may be apart, in seconds. */
export const CLOCK_SKEW_S = 300;

/** What time it is, and the latest time that was ever seen here. */
export interface Clock {
  /** Epoch seconds. */
  readonly nowTs: number;
  /** Epoch seconds; null: never looked before. A clock set back does not make an ended license valid again. */
  readonly lastSeenTs: number | null;
  readonly skewS?: number;
}

/** The time everything is judged at: the clock, or what was already seen when that is later. */
export function judgedTs({ nowTs, lastSeenTs }: Clock): number {
  return Math.max(nowTs, lastSeenTs ?? nowTs);
}

/** Said by the document itself, believed only when the signature holds. */
export interface Statement {
  /** What it is called in sentences: "license". */
  readonly what: string;
  readonly kid?: string | undefined;
  readonly iat?: number | undefined;
}

export interface Trust extends Clock {
  readonly keys: readonly TrustedKey[];
  /** Ids of keys that no longer count. */
  readonly revokedKeys: ReadonlySet<string>;
}

export type Signer = { readonly ok: true; readonly key: TrustedKey } | Denied;

/** The trusted key that has signed the document, or why none counts. */
export function signerOf(document: SignedDocument, { what, kid, iat }: Statement, trust: Trust): Signer {
  const { keys, revokedKeys } = trust;
  if (keys.length === 0) return denied('no_key', `there is no key to check the ${what} with`, 'Install PUBKEYS.json');
  const named = kid === undefined || kid === '' ? keys : keys.filter((key) => key.id === kid);
  if (named.length === 0)
    return denied('unknown_key', `the ${what} names a key that is not known here`, 'Update PUBKEYS.json');
  const forms = [...signedForms(document)];
  const key = named.find(({ bytes }) => forms.some((form) => verifyEd25519(document.signature, form, bytes)));
  if (key === undefined)
    return denied('bad_signature', `the ${what}'s signature is not valid`, `Get the ${what} again, unchanged`);
  if (revokedKeys.has(key.id))
    return denied('key_revoked', `key ${key.id} has been revoked`, `Get a ${what} that a newer key has signed`);
  const outside = whyOutside(key, trust, iat);
  if (outside !== null) return denied('key_not_valid_now', outside, `Get a ${what} that a newer key has signed`);
  return { ok: true, key };
}

/** A key counts in its window only, both when it signs and when its signature is looked at. */
function whyOutside(key: TrustedKey, clock: Clock, iat: number | undefined): string | null {
  const skew = clock.skewS ?? CLOCK_SKEW_S;
  const from = key.notBeforeTs ?? -Infinity;
  const to = key.notAfterTs ?? Infinity;
  for (const ts of [judgedTs(clock), ...(iat === undefined ? [] : [iat])]) {
    if (ts + skew < from) return `key ${key.id} does not count before ${atText(from)}`;
    if (ts - skew > to) return `key ${key.id} does not count after ${atText(to)}`;
  }
  return null;
}
