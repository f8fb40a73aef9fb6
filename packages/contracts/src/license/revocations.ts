import type { Revocations } from '../generated/types.ts';
import { parse } from '../parse.ts';
import { denied, type Denied } from './denial.ts';
import type { TrustedKey } from './key-bundle.ts';
import { readSigned, type SignedFiles } from './signed-document.ts';
import { CLOCK_SKEW_S, judgedTs, signerOf, type Clock } from './trust.ts';

/** Licenses and keys that no longer count. Only {@link verifyRevocations} makes one. */
export interface ValidRevocations {
  readonly seq: number;
  readonly licenses: ReadonlySet<string>;
  readonly keys: ReadonlySet<string>;
  readonly keyId: string;
}

export interface RevocationContext extends Clock {
  readonly keys: readonly TrustedKey[];
  /** The newest list ever seen here; an older one is refused. */
  readonly seenSeq: number | null;
}

export type RevocationVerdict = { readonly ok: true; readonly revocations: ValidRevocations } | Denied;

const verified = new WeakSet<ValidRevocations>();

/** Reads and verifies `{"revocations": {…}, "signature": "…"}`. Never throws. */
export function verifyRevocations(files: SignedFiles, context: RevocationContext): RevocationVerdict {
  const remedy = 'Get the list again from the issuer';
  const document = readSigned(files, 'revocations');
  if (typeof document === 'string') return denied('unreadable', `the revocation list ${document}`, remedy);
  const parsed = parse('revocations', document.value);
  if (!parsed.ok) {
    const { path, reason } = parsed.problems[0] ?? { path: '', reason: 'is not valid' };
    return denied('not_valid', `the revocation list is not one: ${path} ${reason}`, remedy);
  }
  const list: Revocations = parsed.value;
  const signer = signerOf(
    document,
    { what: 'revocation list', kid: list.kid, iat: list.iat },
    { ...context, revokedKeys: new Set() },
  );
  if (!signer.ok) return signer;
  if (list.iat > judgedTs(context) + (context.skewS ?? CLOCK_SKEW_S))
    return denied('not_yet_valid', 'the revocation list is from the future', 'Check the clock of this computer');
  if (context.seenSeq !== null && list.seq < context.seenSeq)
    return denied(
      'older_than_seen',
      `the revocation list is number ${list.seq}, but ${context.seenSeq} was already in use here`,
      remedy,
    );
  const revocations: ValidRevocations = Object.freeze({
    seq: list.seq,
    licenses: new Set(list.licenses),
    keys: new Set(list.keys),
    keyId: signer.key.id,
  });
  verified.add(revocations);
  return { ok: true, revocations };
}

/** @throws {TypeError} when the list was made by hand: a caller's mistake that must not pass for "nothing is revoked" */
export function assertVerified(revocations: ValidRevocations): void {
  if (!verified.has(revocations)) throw new TypeError('the revocation list was not verified');
}
