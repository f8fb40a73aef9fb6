// Wall clocks of single programs, moved while they run: libfaketime reads the offset from a file at every look. Only the
// wall clock moves; the monotonic one goes on, as when a machine's time is set.
import { existsSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Seconds from the right time: ten minutes, two days, a night's suspend, the hour of a summer time gone wrong. */
export const JUMPS_S = [600, -600, -172_800, 28_800, 3_600, -3_600];

export const MISSING = 'no libfaketime here, so no clock jumps; on Debian: apt-get install faketime';

/** The library, or null. */
export function clockLibrary(root = '/usr/lib') {
  if (process.platform !== 'linux' || !existsSync(root)) return null;
  const folders = [root, ...readdirSync(root).map((name) => join(root, name))];
  // The variant for programs with threads, which Node's are.
  return folders.map((folder) => join(folder, 'faketime/libfaketimeMT.so.1')).find((file) => existsSync(file)) ?? null;
}

export class WallClock {
  offsetS = 0;
  #file;
  #library;

  constructor(file, library) {
    this.#file = file;
    this.#library = library;
    if (library !== null) this.set(0);
  }

  /** For the program whose clock it is. */
  get env() {
    if (this.#library === null) return {};
    return {
      LD_PRELOAD: this.#library,
      FAKETIME_TIMESTAMP_FILE: this.#file,
      FAKETIME_NO_CACHE: '1',
      DONT_FAKE_MONOTONIC: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      NO_FAKE_STAT: '1',
    };
  }

  set(offsetS) {
    this.offsetS = offsetS;
    // Renamed: half a file would be half an offset.
    writeFileSync(`${this.#file}.new`, `${offsetS < 0 ? '-' : '+'}${Math.abs(offsetS)}\n`);
    renameSync(`${this.#file}.new`, this.#file);
  }
}
