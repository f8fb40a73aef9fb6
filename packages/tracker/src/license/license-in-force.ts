import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { checkEntitlement, deviceHash, verifyLicense, verifyRevocations } from '@ccp/contracts';
import type { LicenseVerdict, TrustedKey, ValidRevocations } from '@ccp/contracts';
import { replaceFile } from '../events/replace-file.ts';
import type { AskLicense, Entitlement } from '../uplink/gate.ts';
import { bytesOf, licenseFiles, licenseOf, stampOf, trustedKeys } from './license-files.ts';
import type { LicenseFiles } from './license-files.ts';

interface Seen {
  /** Epoch seconds; null: never looked. */
  readonly lastSeenTs: number | null;
  readonly revocationSeq: number | null;
}

/** A clock set back by less gains as much. */
const KEEP_EVERY_S = 60;

/**
 * Asks the license installed on this machine, the one the shim asks too. Its files are verified again when one of them has
 * changed; time is looked at every time. Whatever can't be verified is a no.
 */
export function askLicenseInForce(
  env: NodeJS.ProcessEnv,
  home: string,
  nowTs = (): number => Date.now() / 1000,
): AskLicense {
  const files = licenseFiles(env, home);
  let [stamp, loaded]: [string, LicenseVerdict | Refused | null] = ['', null];
  return (feature) => {
    const now = nowTs();
    const seen = laterOf(readSeen(files.seenByShim), readSeen(files.seen));
    const current = stampOf(files);
    // One that was verified before it was set back to an earlier time is judged by the clock below.
    if (loaded === null || current !== stamp || !loaded.ok) loaded = load(files, now, seen);
    stamp = current;
    if (!loaded.ok) return 'denial' in loaded ? { ok: false, ...wordsOf(loaded) } : loaded;
    if (now - (seen.lastSeenTs ?? 0) > KEEP_EVERY_S) keepSeen(files.seen, { ...seen, lastSeenTs: now });
    const entitled = checkEntitlement(loaded.license, feature, { nowTs: now, lastSeenTs: seen.lastSeenTs });
    return entitled.ok ? entitled : { ok: false, ...wordsOf(entitled) };
  };
}

type Denied = Extract<LicenseVerdict, { ok: false }>;
type Refused = Extract<Entitlement, { ok: false }>;

function wordsOf({ denial: { reason, remedy } }: Denied): { readonly reason: string; readonly remedy: string } {
  return { reason, remedy };
}

function load(files: LicenseFiles, nowTs: number, seen: Seen): LicenseVerdict | Refused {
  const pack = licenseOf(files);
  const place = files.split?.license ?? files.pack;
  if (pack === 'ENOENT')
    return {
      ok: false,
      reason: `there is no license (${place})`,
      remedy: 'Get one with: shim license login, or install one with: shim license install FILE',
    };
  if (typeof pack === 'string') return { ok: false, reason: `${place} can't be read (${pack})` };
  const keys = trustedKeys(files);
  const revoked = revocationsOf(files, keys, nowTs, seen);
  if (!revoked.ok) return revoked;
  const { revocations } = revoked;
  const device = deviceHash({ hostname: hostname(), platform: process.platform, arch: process.arch });
  return verifyLicense(pack, { nowTs, lastSeenTs: seen.lastSeenTs, keys, device, revocations });
}

/** Without its list nobody can tell what was revoked. */
function revocationsOf(
  files: LicenseFiles,
  keys: readonly TrustedKey[],
  nowTs: number,
  seen: Seen,
): { readonly ok: true; readonly revocations: ValidRevocations | null } | Denied | Refused {
  const pack = bytesOf(files.revocations);
  if (typeof pack !== 'string') {
    const context = { nowTs, lastSeenTs: seen.lastSeenTs, keys, seenSeq: seen.revocationSeq };
    const verdict = verifyRevocations({ pack }, context);
    if (!verdict.ok) return verdict;
    const { seq } = verdict.revocations;
    if (seq !== seen.revocationSeq) keepSeen(files.seen, { lastSeenTs: nowTs, revocationSeq: seq });
    return { ok: true, revocations: verdict.revocations };
  }
  if (pack === 'ENOENT' && seen.revocationSeq === null) return { ok: true, revocations: null };
  const why = pack === 'ENOENT' ? `is gone: number ${seen.revocationSeq} was in use here` : `can't be read (${pack})`;
  return { ok: false, reason: `the revocation list ${files.revocations} ${why}` };
}

/** A file that can't be read says nothing: it only guards, and must not take a license away. */
function readSeen(file: string): Seen {
  try {
    const { last_seen_ts: ts, revocation_seq: seq } = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
    return { lastSeenTs: typeof ts === 'number' ? ts : null, revocationSeq: typeof seq === 'number' ? seq : null };
  } catch {
    return { lastSeenTs: null, revocationSeq: null };
  }
}

function laterOf(one: Seen, other: Seen): Seen {
  const later = (a: number | null, b: number | null): number | null =>
    a === null || b === null ? (a ?? b) : Math.max(a, b);
  return {
    lastSeenTs: later(one.lastSeenTs, other.lastSeenTs),
    revocationSeq: later(one.revocationSeq, other.revocationSeq),
  };
}

/** A state folder that can't be written to is the shim's to complain about. */
function keepSeen(file: string, seen: Seen): void {
  const { lastSeenTs, revocationSeq } = laterOf(readSeen(file), seen);
  replaceFile(file, `${JSON.stringify({ last_seen_ts: lastSeenTs, revocation_seq: revocationSeq })}\n`);
}
