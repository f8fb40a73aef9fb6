import type { AskLicense } from './uplink/gate.ts';

/** Asks the license installed on this machine. This version can install none, so the answer is no. */
export function askLicenseInForce(_env: NodeJS.ProcessEnv, _home: string): AskLicense {
  return () => ({ ok: false, reason: 'no license is installed' });
}
