import { readFileSync } from 'node:fs';
import { replaceFile } from '../replace-file.ts';
import { KeyFileError } from './key-files.ts';

/** A device that waits for somebody's word. Neither its token nor its license is kept: only the token's hash. */
export interface PendingDevice {
  readonly user_code: string;
  readonly poll_sha256: string;
  readonly invite_code: string;
  readonly sub: string;
  readonly plan: string;
  readonly features: readonly string[];
  readonly exp: number;
  readonly device: string | null;
  readonly redirect_url: string | null;
  readonly expires_ts: number;
  status: 'pending' | 'approved' | 'denied';
}

/** What was signed, to be revoked by. */
export interface IssuedRow {
  readonly license_id: string;
  readonly sub: string;
  readonly plan: string;
  readonly exp: number;
  readonly issued_ts: number;
}

interface Kept {
  redeemed: Record<string, number>;
  devices: PendingDevice[];
  issued: IssuedRow[];
}

/** Everything an issuer must not forget, in one file (0600) that is replaced whole at every change. */
export class IssuerState {
  readonly #file: string;
  readonly #kept: Kept;

  /** @throws {KeyFileError} when the file is damaged: starting anew would forget redemptions */
  constructor(file: string) {
    this.#file = file;
    this.#kept = { redeemed: {}, devices: [], issued: [], ...readKept(file) };
  }

  get devices(): readonly PendingDevice[] {
    return this.#kept.devices;
  }

  redeemed(code: string): number {
    return this.#kept.redeemed[code] ?? 0;
  }

  /** Applies the change and puts it on disk before anybody is told. */
  change(apply: (kept: Kept) => void): void {
    apply(this.#kept);
    replaceFile(this.#file, `${JSON.stringify(this.#kept, null, 1)}\n`);
  }
}

function readKept(file: string): Partial<Kept> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return {};
    throw new KeyFileError(`${file} can't be read (${code ?? 'error'})`, 'check the path and its permissions');
  }
  try {
    return JSON.parse(text) as Partial<Kept>;
  } catch {
    throw new KeyFileError(`${file} is damaged`, 'restore it from a backup, or move it away to start anew');
  }
}
