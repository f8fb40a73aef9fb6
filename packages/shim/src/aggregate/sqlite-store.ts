import { numberOf, openDatabase, type Database } from '../store/db/sqlite.ts';
import { GroupCommit } from './group-commit.ts';
import { ReadUploads } from './read-uploads.ts';
import type { AggregateStore } from './store.ts';
import { APPLICATION_ID, TABLES, TABLES_VERSION } from './tables.ts';
import { UploadWriter } from './write-uploads.ts';

export interface SqliteStoreOptions {
  readonly path: string;
  /** Epoch seconds. */
  readonly nowTs: () => number;
  /** Entries that may wait to be written. */
  readonly mostWaiting: number;
}

/** The file is not for this program. */
export class UnusableStore extends Error {
  override readonly name = 'UnusableStore';
}

/** An aggregator's books in one file. Throws {@link UnusableStore}, or what the file system said. */
export function openSqliteStore({ path, nowTs, mostWaiting }: SqliteStoreOptions): AggregateStore {
  const db = openDatabase(path, { inspect: refuseOthers, autoCheckpoint: true });
  try {
    // What is acknowledged is deleted by its sender: it has to survive a power cut.
    db.exec('PRAGMA synchronous = FULL');
    db.exec(TABLES);
    db.exec(`PRAGMA user_version = ${TABLES_VERSION}`);
    db.exec(`PRAGMA application_id = ${APPLICATION_ID}`);
  } catch (error) {
    db.close();
    throw error;
  }
  const commits = new GroupCommit(db, { mostWaiting });
  const writer = new UploadWriter(db);
  const reads = new ReadUploads(db);
  const forgetSome = db.prepare(
    `UPDATE event SET json = NULL, expires_ts = NULL
     WHERE n IN (SELECT n FROM event WHERE expires_ts <= ? LIMIT ${FORGET_AT_ONCE})`,
  );
  const publish = db.prepare('INSERT OR IGNORE INTO published_week (week, json) VALUES (?, ?)');
  return {
    keepEvents: (batch) => commits.run(batch.entries.length, () => writer.events(batch, nowTs())),
    keepSummary: (upload) => commits.run(1, () => writer.summary(upload, nowTs())),
    rollups: async (query) => reads.rollups(query),
    models: async (org) => reads.models(org),
    orgs: async (org) => reads.orgs(org),
    session: async (org, sessionId) => reads.session(org, sessionId),
    events: async (query) => reads.events(query),
    streams: async (org) => reads.streams(org),
    contributions: async (fromTs, toTs) => reads.contributions(fromTs, toTs),
    publishedWeek: async (week) => reads.publishedWeek(week),
    publishWeek: (week, json) => commits.run(0, () => void publish.run(week, json)),
    forget: async (now) => {
      let forgotten = 0;
      for (let some = FORGET_AT_ONCE; some === FORGET_AT_ONCE; forgotten += some)
        some = await commits.run(0, () => Number(forgetSome.run(now).changes));
      return forgotten;
    },
    status: () => ({
      events: numberOf(db, 'SELECT max(n) FROM event') ?? 0,
      summaries: numberOf(db, 'SELECT max(n) FROM summary') ?? 0,
      waiting: commits.waiting,
      error: commits.error,
    }),
    close: async () => {
      await commits.drain();
      db.close();
    },
  };
}

/** Short transactions: uploads come in between. */
const FORGET_AT_ONCE = 1_000;

function refuseOthers(db: Database): void {
  const application = numberOf(db, 'PRAGMA application_id') ?? 0;
  const tables = numberOf(db, "SELECT count(*) FROM sqlite_master WHERE type = 'table'") ?? 0;
  if (application !== APPLICATION_ID && (application !== 0 || tables > 0))
    throw new UnusableStore(`${db.path} is a database of another program. Name another file: --database FILE.`);
  const version = numberOf(db, 'PRAGMA user_version') ?? 0;
  if (version > TABLES_VERSION)
    throw new UnusableStore(
      `${db.path} has format ${version}; this program knows formats up to ${TABLES_VERSION}. Use a later version of it, or name another file: --database FILE.`,
    );
}
