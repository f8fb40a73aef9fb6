import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { openUsageDatabase, type UsageDatabase, type UsageDatabaseOptions } from './open-usage-database.ts';
import { moveAside, salvage, type HeldItems, type SalvageReport } from './salvage.ts';
import { sqliteFailure, type SqliteFailure } from './sqlite-failure.ts';

export interface StoreFileOptions extends UsageDatabaseOptions {
  readonly path: string;
  readonly nowTs: () => number;
  /** Told in words when a damaged file has been replaced and what could be read of it is in the new one. */
  readonly onRebuilt: (reason: string) => void;
  /**
   * Told before the next connection is used that it is to another file than the last one. `lost`: the former file is
   * gone. `damaged`: it was moved aside and is about to be read.
   */
  readonly onOtherFile: (why: 'lost' | 'damaged') => void;
  /** Written when a damaged file has been read. */
  readonly held: HeldItems;
}

/** Looking at the file's identity costs microseconds; deleting it is rare. */
const CHECK_MS = 2_000;
/** A disk that damages every file must not be filled with damaged copies. */
const REBUILD_MS = 60_000;
/** Normally the maintenance worker keeps the log short. Beyond this the program does it itself, come what may. */
const WAL_BYTES = 256 * 1024 * 1024;

/** Shorter than the second after which the writer tries again. */
const FIRST_WAIT_MS = 900;
const MOST_WAIT_MS = 30_000;

/**
 * The one connection of the server: opened when it is needed, opened anew when the file was deleted or replaced, and
 * moved to a new file when the old one is damaged.
 */
export class StoreFile {
  readonly path: string;
  /** File and log together, as last seen. */
  sizeBytes = 0;
  readonly #options: StoreFileOptions;
  #open: UsageDatabase | null = null;
  #identity = '';
  /** The file that has what was written so far; null: it is known to be another one now. */
  #expected: string | null = null;
  #isSuccessor = false;
  #hasLog = false;
  #checkedMs = 0;
  #rebuiltMs = -Infinity;
  #failures = 0;
  #waitUntilMs = 0;
  #waitBecause: unknown = null;
  /** Copies what a damaged file still holds into the new one, step by step. */
  #salvaging: Generator<void, SalvageReport> | null = null;
  #salvageReason = '';
  #salvageFrom: string | null = null;

  constructor(options: StoreFileOptions) {
    this.#options = options;
    this.path = resolve(options.path);
  }

  /** The connection; opens the file when it must. Throws when it can't, and soon after without trying. */
  connection(): UsageDatabase {
    if (this.#open !== null) return this.#open;
    if (performance.now() < this.#waitUntilMs) throw this.#waitBecause;
    try {
      this.#open = this.#openOrReplace();
    } catch (error) {
      this.#hesitate(error);
      throw error;
    }
    this.#hasLog = this.#look() !== null;
    if (this.#expected !== null && this.#expected !== this.#identity) this.#isLost();
    this.#expected = this.#identity;
    if (this.#salvageFrom !== null) {
      this.#salvaging = salvage(this.#salvageFrom, this.#open, this.#options.held, this.#options.nowTs());
      this.#salvageFrom = null;
      setImmediate(() => this.#salvageOn());
    }
    return this.#open;
  }

  /**
   * `lost`: the file is gone or another one has its name; the next `connection` is to the one that is there then.
   * `not_due`: nobody looked.
   */
  check(now = false): 'same' | 'lost' | 'not_due' {
    if (this.#open === null || (!now && performance.now() - this.#checkedMs < CHECK_MS)) return 'not_due';
    const before = this.#identity;
    const walBytes = this.#look();
    if (this.#identity !== before || (this.#hasLog && walBytes === null)) {
      this.#leave();
      this.#isLost();
      return 'lost';
    }
    if (walBytes !== null && walBytes > WAL_BYTES) this.#open.db.exec('PRAGMA wal_checkpoint(PASSIVE)');
    return 'same';
  }

  /** The file is damaged: the next `connection` is to a new one. False: this was tried a moment ago. */
  rebuild(failure: SqliteFailure): boolean {
    this.#leave();
    return this.#moveAside(failure);
  }

  /** It works: the next trouble is a new one, and a new file has what memory knows. */
  worked(): void {
    this.#failures = 0;
    if (!this.#isSuccessor) return;
    this.#isSuccessor = false;
    this.#tell(`${this.path} was deleted or replaced; another one is used`);
  }

  /** Something is wrong with the connection: a later one may do better. */
  giveUp(error: unknown): void {
    if (this.#open === null) return;
    this.drop();
    this.#hesitate(error);
  }

  /** Closes the connection; the next one is new. */
  drop(): void {
    const open = this.#open;
    this.#open = null;
    this.#endSalvage();
    try {
      open?.db.close();
    } catch {
      // What was committed is in the file or its log.
    }
  }

  #isLost(): void {
    this.#expected = null;
    this.#isSuccessor = true;
    this.#options.onOtherFile('lost');
  }

  #leave(): void {
    const open = this.#open;
    this.#open = null;
    this.#endSalvage();
    open?.db.leave();
  }

  /** A damaged file is being read, or about to be. */
  get isSalvaging(): boolean {
    return this.#salvaging !== null || this.#salvageFrom !== null;
  }

  /** Waits for a salvage under way. */
  finishSalvage(): void {
    while (this.#salvaging !== null) this.#salvageStep();
  }

  #openOrReplace(): UsageDatabase {
    try {
      return openUsageDatabase(this.path, this.#options);
    } catch (error) {
      const failure = sqliteFailure(error);
      if (failure.kind !== 'corrupt' || !this.#moveAside(failure)) throw error;
      return openUsageDatabase(this.path, this.#options);
    }
  }

  /** A connection may stay half open until it is garbage collected: many in a row would use up the file handles. */
  #hesitate(error: unknown): void {
    const opened = sqliteFailure(error).kind !== 'busy' && !isOfFileSystem(error);
    this.#failures = opened ? this.#failures + 1 : 0;
    const waitMs = Math.min(FIRST_WAIT_MS * 2 ** Math.max(0, this.#failures - 1), MOST_WAIT_MS);
    this.#waitUntilMs = performance.now() + waitMs;
    this.#waitBecause = error;
  }

  #moveAside(failure: SqliteFailure): boolean {
    if (performance.now() - this.#rebuiltMs < REBUILD_MS) return false;
    const aside = moveAside(this.path, Date.now());
    this.#rebuiltMs = performance.now();
    this.#expected = null;
    this.#options.onOtherFile('damaged');
    this.#salvageFrom = aside;
    this.#salvageReason = `${failure.code}: ${failure.message}; ${this.path} was moved to ${aside}`;
    return true;
  }

  #salvageOn(): void {
    if (this.#salvaging === null) return;
    this.#salvageStep();
    setImmediate(() => this.#salvageOn());
  }

  #salvageStep(): void {
    let words: string;
    try {
      const step = this.#salvaging?.next();
      if (step?.done !== true) return;
      const { rows, damaged } = step.value;
      words = `${rows} rows were read from it${damaged.length > 0 ? `; not all of ${damaged.join(', ')}` : ''}`;
    } catch (error) {
      words = `reading it stopped with ${sqliteFailure(error).code}`;
    }
    this.#salvaging = null;
    this.#tell(`${this.#salvageReason}, ${words}`);
  }

  #tell(reason: string): void {
    // Later: who is told may not exist yet while the first connection is made.
    queueMicrotask(() => this.#options.onRebuilt(reason));
  }

  #endSalvage(): void {
    if (this.#salvaging === null) return;
    this.#tell(`${this.#salvageReason}, reading it was cut off`);
    try {
      this.#salvaging.return({ rows: 0, damaged: [] });
    } catch {
      // Its source is closed all the same.
    }
    this.#salvaging = null;
  }

  /** Bytes of the log; null: it is gone, and with it the way back into what it held. */
  #look(): number | null {
    this.#checkedMs = performance.now();
    const file = statSync(this.path, { throwIfNoEntry: false });
    const wal = statSync(`${this.path}-wal`, { throwIfNoEntry: false });
    this.#identity = file === undefined ? 'gone' : `${file.dev} ${file.ino}`;
    this.sizeBytes = (file?.size ?? 0) + (wal?.size ?? 0);
    return wal?.size ?? null;
  }
}

/** Then there was no connection at all. */
function isOfFileSystem(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).syscall !== undefined || (error as NodeJS.ErrnoException).code === 'EISDIR';
}
