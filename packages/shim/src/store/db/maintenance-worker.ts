import { parentPort, workerData } from 'node:worker_threads';
import { maintain, type MaintenanceReport, type RetentionOptions } from './maintenance.ts';
import { SCHEMA_VERSION } from './schema.ts';
import { numberOf, openDatabase } from './sqlite.ts';

export interface MaintenanceOrder {
  readonly path: string;
  readonly retention: RetentionOptions;
}

/** Entry of the worker thread: fsyncs and long deletes happen here and not where requests are served. */
function work({ path, retention }: MaintenanceOrder): MaintenanceReport {
  // The server makes and migrates the file; here it must be there and of our format.
  const db = openDatabase(path, { create: false, busyTimeoutMs: BUSY_TIMEOUT_MS });
  try {
    const version = numberOf(db, 'PRAGMA user_version');
    if (version !== SCHEMA_VERSION) throw new Error(`${path} has format ${version}, not ${SCHEMA_VERSION}`);
    return maintain(db, retention);
  } finally {
    db.close();
  }
}

/** The server's transactions are short. */
const BUSY_TIMEOUT_MS = 2_000;

parentPort?.postMessage(work(workerData as MaintenanceOrder));
