import { readFileSync } from 'node:fs';
import { verifyPolicy, type PolicyVerdict, type SignedFiles, type ValidPolicy } from '@ccp/contracts';
import type { LicenseFiles } from '../config/license-files.ts';
import { trustFor } from './load-license.ts';
import { readSeen } from './seen.ts';

/** How a policy stands, for surfaces. */
export interface PolicyState {
  readonly ok: boolean;
  readonly version: string | null;
  readonly expires_at: string | null;
  readonly key_id: string | null;
  /** Why the newest one is not in use. */
  readonly reason: string | null;
}

/** The routing policy in force: the newest that verifies, else the last good one, else none. */
export class PolicyStore {
  readonly #file: string;
  readonly #license: LicenseFiles;
  readonly #nowTs: () => number;
  #inForce: ValidPolicy | null = null;
  #problem: string | null = null;

  constructor(file: string, license: LicenseFiles, nowTs: () => number) {
    this.#file = file;
    this.#license = license;
    this.#nowTs = nowTs;
  }

  /** Reads and verifies the file again. Null: there is none to follow. */
  load(): ValidPolicy | null {
    const files = readCachedPolicy(this.#file);
    if (files === null) {
      this.#inForce = this.#problem = null;
      return null;
    }
    const verdict = judgePolicy(files, this.#license, this.#nowTs());
    if (verdict.ok) this.#inForce = verdict.policy;
    else if (this.hasLapsed()) this.#inForce = null;
    this.#problem = verdict.ok ? null : `${verdict.denial.reason}. ${verdict.denial.remedy}`;
    return this.#inForce;
  }

  hasLapsed(): boolean {
    return this.#inForce !== null && this.#inForce.expiresTs <= this.#nowTs();
  }

  problem(): string | null {
    return this.#problem;
  }

  /** Null: there is none, and none was refused. */
  state(): PolicyState | null {
    if (this.#inForce === null && this.#problem === null) return null;
    const policy = this.#inForce?.policy;
    return {
      ok: this.#inForce !== null && this.#problem === null,
      version: policy?.version ?? null,
      expires_at: policy?.expiresAt ?? null,
      key_id: this.#inForce?.keyId ?? null,
      reason: this.#problem,
    };
  }
}

/** Verifies with the keys and revocations that licenses are verified with. */
export function judgePolicy(files: SignedFiles, license: LicenseFiles, nowTs: number): PolicyVerdict {
  const trust = trustFor(license, { nowTs, seen: readSeen(license.seen) });
  return 'ok' in trust ? trust : verifyPolicy(files, trust);
}

/**
 * The cached document; null: there is none. It is kept as base64 because its signature may count for its very bytes,
 * and both have to be replaced at once.
 */
export function readCachedPolicy(file: string): SignedFiles | null {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? null : { body: '', signature: '' };
  }
  try {
    const { body_base64: body, signature } = JSON.parse(text) as { body_base64: string; signature: string };
    return { body: Buffer.from(body, 'base64'), signature };
  } catch {
    return { body: '', signature: '' };
  }
}

export function cachedPolicyText({
  body,
  signature,
}: {
  readonly body: Uint8Array;
  readonly signature: string;
}): string {
  return `${JSON.stringify({ body_base64: Buffer.from(body).toString('base64'), signature: signature.trim() })}\n`;
}
