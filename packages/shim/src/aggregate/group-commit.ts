import { inTransaction, type Database } from '../store/db/sqlite.ts';
import { Busy } from './store.ts';

interface Job {
  readonly entries: number;
  readonly work: () => unknown;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

export interface GroupCommitOptions {
  /** Entries that may wait; beyond it a call is told to come back. */
  readonly mostWaiting: number;
}

/** About a twentieth of a second on a slow disk: requests are read in between. */
const MOST_IN_ONE = 5_000;

/**
 * Many calls, one transaction: the fsync at its end is what a write costs. What came while one ran goes into the next.
 * All of a transaction is kept or nothing.
 */
export class GroupCommit {
  readonly #db: Database;
  readonly #mostWaiting: number;
  #jobs: Job[] = [];
  #waiting = 0;
  #scheduled = false;
  /** Entries per second of late, for who has to come back. */
  #rate = 10_000;
  error: string | null = null;

  constructor(db: Database, { mostWaiting }: GroupCommitOptions) {
    this.#db = db;
    this.#mostWaiting = mostWaiting;
  }

  get waiting(): number {
    return this.#waiting;
  }

  /** Rejects with {@link Busy} at once, or with what the engine said. */
  run<T>(entries: number, work: () => T): Promise<T> {
    // One that is alone always gets its turn: a batch larger than the limit would never get in.
    if (this.#waiting > 0 && this.#waiting + entries > this.#mostWaiting)
      return Promise.reject(new Busy(Math.max(1, Math.ceil(this.#waiting / this.#rate))));
    this.#waiting += entries;
    return new Promise<T>((resolve, reject) => {
      this.#jobs.push({ entries, work, resolve: resolve as (value: unknown) => void, reject });
      this.#schedule();
    });
  }

  /** Resolves when nothing waits any more. */
  async drain(): Promise<void> {
    while (this.#jobs.length > 0) await new Promise((resolve) => setImmediate(resolve));
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#commit(this.#take());
      if (this.#jobs.length > 0) this.#schedule();
    });
  }

  #take(): Job[] {
    let entries = 0;
    const end = this.#jobs.findIndex((job) => (entries += job.entries) > MOST_IN_ONE);
    return this.#jobs.splice(0, end === -1 ? this.#jobs.length : Math.max(1, end));
  }

  #commit(jobs: readonly Job[]): void {
    const entries = jobs.reduce((sum, job) => sum + job.entries, 0);
    const started = performance.now();
    try {
      const results = inTransaction(this.#db, () => jobs.map(({ work }) => work()));
      this.error = null;
      this.#rate = 0.8 * this.#rate + (0.2 * entries * 1000) / Math.max(1, performance.now() - started);
      for (const [index, job] of jobs.entries()) job.resolve(results[index]);
    } catch (error) {
      this.error = error instanceof Error ? error.message : String(error);
      for (const { reject } of jobs) reject(error);
    } finally {
      this.#waiting -= entries;
    }
  }
}
