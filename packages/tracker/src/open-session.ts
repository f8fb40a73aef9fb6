import { homedir } from 'node:os';
import { openBook } from './events/book.ts';
import { dataDir } from './events/data-dir.ts';
import { askLicenseInForce } from './license/license-in-force.ts';
import type { Outcome } from './problem.ts';
import { refreshSummary } from './refresh-summary.ts';
import { sessionClient } from './session-client.ts';
import type { SessionClient } from './session-client.ts';
import { destinationOf, uplinkOf } from './tracker-uplink.ts';
import type { AskLicense } from './uplink/gate.ts';
import { privacyFile, readPrivacy } from './uplink/privacy-settings.ts';

export interface OpenSessionOptions {
  /** Where journals are kept; else as `tracker` finds it. */
  readonly dataDir?: string;
  /** Environment to read settings from; default: of this process. */
  readonly env?: NodeJS.ProcessEnv;
  /** Asked for the entitlement of a tier; default: the license installed on this machine. */
  readonly license?: AskLicense;
}

/** A client for one session. Refused when the privacy settings can't be read: then nobody knows what may leave. */
export function openSession(options: OpenSessionOptions = {}): Outcome<SessionClient> {
  const { env = process.env } = options;
  const home = env['HOME'] || homedir();
  const privacy = readPrivacy(privacyFile(env, home), env);
  if (!privacy.ok) return privacy;
  const book = openBook(dataDir(options.dataDir, env, home));
  return {
    ok: true,
    value: sessionClient({
      book,
      uplink: uplinkOf(book, privacy.value, options.license ?? askLicenseInForce(env, home)),
      refresh: () => refreshSummary(book),
      destination: () => destinationOf(privacy.value, env),
      tier: privacy.value.tier,
      now: () => new Date(),
    }),
  };
}
