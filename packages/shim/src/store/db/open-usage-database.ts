import { BatchWriter } from './batch-writer.ts';
import { recomputeRollups } from './recompute-rollups.ts';
import type { CostOf } from './rollup-sums.ts';
import { migrate, refuseOthers } from './schema.ts';
import { openDatabase, type Database, type OpenOptions } from './sqlite.ts';

export interface UsageDatabase {
  readonly db: Database;
  readonly writer: BatchWriter;
}

export interface UsageDatabaseOptions extends Omit<OpenOptions, 'readOnly' | 'inspect'> {
  readonly costOf?: CostOf;
  /** Told of the connection before anything is done with it. */
  readonly onOpened?: (db: Database) => void;
}

/**
 * Opens the database for writing and brings it to the present format. A file of the original program also gets its hour
 * and day rows made anew, where its samples allow: that program shrank them with time.
 */
export function openUsageDatabase(path: string, options: UsageDatabaseOptions = {}): UsageDatabase {
  const db = openDatabase(path, { ...options, inspect: refuseOthers });
  try {
    options.onOpened?.(db);
    const { costOf } = options;
    if (migrate(db) === 0) recomputeRollups(db, { fullyCoveredFromTs: 0, ...(costOf && { costOf }) });
    return { db, writer: new BatchWriter(db, costOf ?? noPrice) };
  } catch (error) {
    db.close();
    throw error;
  }
}

function noPrice(): null {
  return null;
}
