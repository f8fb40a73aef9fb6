import { readFileSync } from 'node:fs';
import {
  verifyLicense,
  verifyRevocations,
  type KeyBundle,
  type LicenseVerdict,
  type PolicyContext as PolicyTrust,
  type SignedFiles,
  type ValidRevocations,
} from '@ccp/contracts';
import type { LicenseFiles } from '../config/license-files.ts';
import type { Seen } from './seen.ts';
import { trustedKeys } from './trusted-keys.ts';

/** What the files say now. */
export interface LoadedLicense {
  readonly verdict: LicenseVerdict;
  readonly keys: KeyBundle;
  /** Number of the revocation list in force; null: there is none. */
  readonly revocationSeq: number | null;
}

export interface LoadContext {
  readonly nowTs: number;
  readonly seen: Seen;
  /** This device, as contracts hash it. */
  readonly device: string;
}

/** Reads and verifies everything again. Whatever can't be verified denies. Never throws. */
export function loadLicense(files: LicenseFiles, context: LoadContext): LoadedLicense {
  return judged(files, licenseOf(files), context);
}

/** What `loadLicense` would say if this were the license in use. */
export function judgeLicense(files: LicenseFiles, pack: SignedFiles, context: LoadContext): LicenseVerdict {
  return judged(files, pack, context).verdict;
}

/** Keys, clock and revocations as everything signed is verified with here, or why nothing can be. */
export function trustFor(files: LicenseFiles, { nowTs, seen }: Omit<LoadContext, 'device'>): PolicyTrust | Denied {
  const { keys } = trustedKeys(files);
  const trust = { nowTs, lastSeenTs: seen.lastSeenTs, keys };
  const revoked = revocationsOf(files.revocations, { ...trust, seenSeq: seen.revocationSeq });
  return 'ok' in revoked ? revoked : { ...trust, revocations: revoked.revocations };
}

function judged(files: LicenseFiles, pack: SignedFiles | Denied, { nowTs, seen, device }: LoadContext): LoadedLicense {
  const bundle = trustedKeys(files);
  const trust = { nowTs, lastSeenTs: seen.lastSeenTs, keys: bundle.keys };
  const revoked = revocationsOf(files.revocations, { ...trust, seenSeq: seen.revocationSeq });
  const revocationSeq = 'ok' in revoked ? null : (revoked.revocations?.seq ?? null);
  // No license is the plainer answer, and needs no list.
  if ('ok' in pack) return { verdict: pack, keys: bundle, revocationSeq };
  if ('ok' in revoked) return { verdict: revoked, keys: bundle, revocationSeq };
  const verdict = verifyLicense(pack, { ...trust, device, revocations: revoked.revocations });
  return { verdict, keys: bundle, revocationSeq };
}

type Denied = Extract<LicenseVerdict, { ok: false }>;

function revocationsOf(
  file: string,
  context: Parameters<typeof verifyRevocations>[1],
): { revocations: ValidRevocations | null } | Denied {
  const pack = bytesOf(file);
  if (pack instanceof Uint8Array) {
    const verdict = verifyRevocations({ pack }, context);
    // Without its list nobody can tell what was revoked.
    return verdict.ok ? { revocations: verdict.revocations } : verdict;
  }
  if (pack !== 'ENOENT') return unreadable(file, pack);
  if (context.seenSeq === null) return { revocations: null };
  return {
    ok: false,
    denial: {
      code: 'older_than_seen',
      reason: `the revocation list ${file} is gone: number ${context.seenSeq} was in use here`,
      remedy: 'Install it again: shim license install --revocations FILE',
    },
  };
}

function licenseOf({ pack, split }: LicenseFiles): SignedFiles | Denied {
  if (split === null) {
    const bytes = bytesOf(pack);
    return bytes instanceof Uint8Array ? { pack: bytes } : missing(pack, bytes);
  }
  const body = bytesOf(split.license);
  if (!(body instanceof Uint8Array)) return missing(split.license, body);
  const signature = bytesOf(split.signature);
  return signature instanceof Uint8Array ? { body, signature } : unreadable(split.signature, signature);
}

function missing(file: string, code: string): Denied {
  if (code !== 'ENOENT') return unreadable(file, code);
  return {
    ok: false,
    denial: {
      code: 'no_license',
      reason: `there is no license (${file})`,
      remedy: 'Get one with: shim license login, or install one with: shim license install FILE',
    },
  };
}

function unreadable(file: string, code: string): Denied {
  const remedy = 'Check the path and its permissions';
  return { ok: false, denial: { code: 'unreadable', reason: `${file} can't be read (${code})`, remedy } };
}

/** The bytes, or the code of why not. */
function bytesOf(file: string): Uint8Array | string {
  try {
    return readFileSync(file);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'error';
  }
}
