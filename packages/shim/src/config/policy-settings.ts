import { join } from 'node:path';

/** A signed routing policy that somebody else keeps. */
export interface PolicySettings {
  /** Null: none is fetched. One that lies in `file` is used all the same. */
  readonly url: string | null;
  /** What was fetched last and verified; verified again whenever it is read. */
  readonly file: string;
  readonly intervalMs: number;
}

export function policySettings(
  env: Readonly<Record<string, string | undefined>>,
  stateDir: string,
  intervalMs: number,
): PolicySettings {
  return { url: env['CCP_POLICY_URL'] ?? null, file: join(stateDir, 'policy.cache.json'), intervalMs };
}
