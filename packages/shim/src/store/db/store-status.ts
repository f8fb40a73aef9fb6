import type { ItemRows } from './item-rows.ts';
import type { CostOf } from './rollup-sums.ts';
import type { Database } from './sqlite.ts';
import { sqliteFailure } from './sqlite-failure.ts';

export interface UsageStoreOptions {
  readonly path: string;
  /** Epoch seconds. */
  readonly nowTs: () => number;
  readonly costOf?: CostOf;
  /** Hears of items when they are on disk, in order; looks at them at once. */
  readonly onDurable?: (items: ItemRows) => void;
  /** Told how long each transaction took, in seconds. */
  readonly onFlush?: (seconds: number) => void;
  /**
   * A damaged, deleted or replaced file has a successor, in words: `usage.jsonl` and the minutes in memory may know what
   * that lacks.
   */
  readonly onRebuilt?: (reason: string) => void;
  /** Trouble and its end, once each. */
  readonly onProblem?: (message: string) => void;
  /** Told of each new connection before it is used. */
  readonly onOpened?: (db: Database) => void;
  readonly busyTimeoutMs?: number;
  /** Items kept in memory while nothing can be written. */
  readonly mostPending?: number;
}

export interface StoreStatus {
  readonly path: string;
  readonly ok: boolean;
  readonly error: string | null;
  /** Items waiting to be written. */
  readonly pendingRows: number;
  /** Samples written since the start. */
  readonly rowsWritten: number;
  readonly writeErrors: number;
  /** Items lost because they could not be written and too many waited, or because SQLite will never take them. */
  readonly droppedRows: number;
  /** File and log together, as last seen. */
  readonly sizeBytes: number;
  readonly lastFlushTs: number | null;
}

/** Nothing can be read at the moment; the message says why. */
export class StoreUnavailableError extends Error {
  override readonly name = 'StoreUnavailableError';
}

export function unavailable(path: string, error: unknown): StoreUnavailableError {
  const { code, message } = sqliteFailure(error);
  return new StoreUnavailableError(`${code}: can't read ${path}: ${message}`, { cause: error });
}
