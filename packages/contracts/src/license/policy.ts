import type { RoutingPolicy } from '../generated/types.ts';
import { parse } from '../parse.ts';
import { atText, denied, type Denied } from './denial.ts';
import type { TrustedKey } from './key-bundle.ts';
import { assertVerified, type ValidRevocations } from './revocations.ts';
import { readSigned, type SignedFiles } from './signed-document.ts';
import { CLOCK_SKEW_S, judgedTs, signerOf, type Clock } from './trust.ts';

/** A routing policy that has been verified. Says where requests may go, never what is entitled. */
export interface ValidPolicy {
  readonly policy: RoutingPolicy;
  /** Epoch seconds. */
  readonly expiresTs: number;
  readonly keyId: string;
}

export interface PolicyContext extends Clock {
  readonly keys: readonly TrustedKey[];
  /** Null: there is no list. */
  readonly revocations: ValidRevocations | null;
}

export type PolicyVerdict = { readonly ok: true; readonly policy: ValidPolicy } | Denied;

/**
 * Reads and verifies a policy: one pack (`{"policy": …, "signature": …}`) or a file and its signature. Anything in
 * doubt denies. Never throws for what the files hold.
 */
export function verifyPolicy(files: SignedFiles, context: PolicyContext): PolicyVerdict {
  if (context.revocations !== null) assertVerified(context.revocations);
  const remedy = 'Fetch it again: shim policy fetch';
  const document = readSigned(files, 'policy');
  if (typeof document === 'string') return denied('unreadable', `the policy ${document}`, remedy);
  const parsed = parse('policy', document.value);
  if (!parsed.ok) {
    const { path, reason } = parsed.problems[0] ?? { path: '', reason: 'is not valid' };
    return denied('not_valid', `the policy is not one: ${path} ${reason}`, remedy);
  }
  const { kid, iat, expiresAt } = parsed.value;
  const trust = { ...context, revokedKeys: context.revocations?.keys ?? new Set<string>() };
  const signer = signerOf(document, { what: 'policy', kid, iat }, trust);
  if (!signer.ok) return signer;
  const expiresTs = Date.parse(expiresAt) / 1000;
  const skew = context.skewS ?? CLOCK_SKEW_S;
  if (judgedTs(context) + skew < (iat ?? 0))
    return denied('not_yet_valid', 'the policy is from the future', 'Check the clock of this computer');
  if (!(judgedTs(context) < expiresTs + skew))
    return denied('expired', `the policy has ended (${atText(expiresTs)})`, remedy);
  return { ok: true, policy: Object.freeze({ policy: parsed.value, expiresTs, keyId: signer.key.id }) };
}
