import { checkEntitlement, licenseMetadata, type LicenseState } from '@ccp/contracts';
import type { LicenseFiles } from '../config/license-files.ts';
import { loadLicense, type LoadedLicense } from './load-license.ts';
import { readSeen, writeSeen, type Seen } from './seen.ts';
import { thisDevice } from './this-device.ts';

/** How often the time is kept: a clock set back by less than this gains as much. */
const KEEP_MS = 60_000;

/** The license in force. Lanes ask it at every request, so that one that ends closes them at once. */
export class LicenseStore {
  readonly #files: LicenseFiles;
  readonly #nowTs: () => number;
  readonly #timer: NodeJS.Timeout;
  #seen: Seen;
  #loaded: LoadedLicense;

  constructor(files: LicenseFiles, nowTs: () => number) {
    this.#files = files;
    this.#nowTs = nowTs;
    this.#seen = readSeen(files.seen);
    this.#loaded = this.#load();
    this.#timer = setInterval(() => this.#keep(), KEEP_MS);
    this.#timer.unref();
  }

  /** Reads the files again. Answers whether what is entitled may be different now. */
  reload(): boolean {
    const before = this.standing();
    this.#loaded = this.#load();
    return this.standing() !== before;
  }

  isEntitled(feature: string): boolean {
    const { verdict } = this.#loaded;
    return verdict.ok && checkEntitlement(verdict.license, feature, this.#clock()).ok;
  }

  /** What may be told of it; null: there is none. */
  state(): LicenseState | null {
    const { verdict } = this.#loaded;
    if (!verdict.ok) return verdict.denial.code === 'no_license' ? null : licenseMetadata(verdict);
    const timely = checkEntitlement(verdict.license, verdict.license.claims.features[0] ?? '', this.#clock());
    if (timely.ok || timely.denial.code === 'not_entitled') return licenseMetadata(verdict);
    return { ...licenseMetadata(verdict), ...licenseMetadata(timely) };
  }

  /** Whether it counted when it was read and no longer does: nothing but time has changed. */
  hasLapsed(): boolean {
    return this.#loaded.verdict.ok && this.state()?.ok === false;
  }

  /** One line; another one when the license counts for something else. */
  standing(): string {
    const state = this.state();
    if (state === null) return 'no license';
    if (!state.ok) return `no license counts: ${state.reason ?? ''}`;
    const { plan, features, expires_at: until, key_id: key } = state;
    return `license ${plan} with ${features?.join(', ') || 'no features'} until ${until} (key ${key})`;
  }

  /** Keys that can't be used, and why; the others are in force. */
  problems(): readonly string[] {
    const { keys, verdict } = this.#loaded;
    if (verdict.ok || verdict.denial.code === 'no_license') return keys.problems;
    const { reason, remedy } = verdict.denial;
    return [...keys.problems, `${reason}. ${remedy}`];
  }

  close(): void {
    clearInterval(this.#timer);
    this.#keep();
  }

  #load(): LoadedLicense {
    const loaded = loadLicense(this.#files, { nowTs: this.#nowTs(), seen: this.#seen, device: thisDevice() });
    const isFirstList = loaded.revocationSeq !== null && loaded.revocationSeq !== this.#seen.revocationSeq;
    if (loaded.revocationSeq !== null) this.#seen = { ...this.#seen, revocationSeq: loaded.revocationSeq };
    if (isFirstList) writeSeen(this.#files.seen, this.#seen);
    return loaded;
  }

  #clock(): { nowTs: number; lastSeenTs: number | null } {
    const nowTs = this.#nowTs();
    const { lastSeenTs } = this.#seen;
    if (lastSeenTs === null || nowTs > lastSeenTs) this.#seen = { ...this.#seen, lastSeenTs: nowTs };
    return { nowTs, lastSeenTs };
  }

  /** Only where a license counts there is something to guard. */
  #keep(): void {
    if (!this.#loaded.verdict.ok) return;
    this.#clock();
    writeSeen(this.#files.seen, this.#seen);
  }
}
