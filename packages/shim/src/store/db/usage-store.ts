import type { BatchItem } from './batch-writer.ts';
import type { UsageDatabase } from './open-usage-database.ts';
import {
  loadStart,
  readConfigVersion,
  readDecisions,
  readRollups,
  readSamples,
  samplesInPages,
  type ConfigVersionRow,
  type DecisionRow,
  type Loaded,
  type ModelRollup,
  type RollupQuery,
  type SampleQuery,
} from './read-store.ts';
import type { Sample } from './sample.ts';
import { sampleSink, type SampleSink } from './sample-sink.ts';
import type { Database } from './sqlite.ts';
import { sqliteFailure, type SqliteFailure } from './sqlite-failure.ts';
import { StoreFile } from './store-file.ts';
import { unavailable, type StoreStatus, type UsageStoreOptions } from './store-status.ts';
import { WriteQueue } from './write-queue.ts';

/** Items wait at most this long before they are on disk. */
export const FLUSH_MS = 200;
/** One transaction: a few milliseconds of the event loop. */
export const FLUSH_ITEMS = 100;
const RETRY_MS = 1_000;
/** Who waits for a lock holds up the event loop: nobody waits long. */
const BUSY_TIMEOUT_MS = 50;
/** At the very end there is time. */
const LAST_BUSY_TIMEOUT_MS = 2_000;
/** A lock this old is trouble; a younger one is somebody's import or maintenance. */
const LOCKED_MS = 5_000;
const MOST_PENDING = 200_000;

/**
 * The database of the running server. Nothing here ever fails a request: what can't be written waits in memory, is
 * tried again every second, and `status` says why.
 */
export class UsageStore {
  readonly #options: UsageStoreOptions;
  readonly #file: StoreFile;
  readonly #queue: WriteQueue;
  #timer: NodeJS.Timeout | undefined;
  #soon: NodeJS.Immediate | undefined;
  #error: string | null = null;
  #writeErrors = 0;
  #rowsWritten = 0;
  #lastFlushTs: number | null = null;
  #lockedSinceMs: number | null = null;
  #session: { readonly epoch: string; readonly startedTs: number; readonly version: string } | null = null;
  /** The connection that knows of the session. */
  #sessionIn: UsageDatabase | null = null;
  #toldDropped = 0;
  #closed = false;

  constructor(options: UsageStoreOptions) {
    this.#options = options;
    this.#queue = new WriteQueue(options.mostPending ?? MOST_PENDING);
    this.#file = new StoreFile({
      path: options.path,
      nowTs: options.nowTs,
      busyTimeoutMs: options.busyTimeoutMs ?? BUSY_TIMEOUT_MS,
      onRebuilt: (reason) => options.onRebuilt?.(reason),
      ...(options.costOf && { costOf: options.costOf }),
      ...(options.onOpened && { onOpened: options.onOpened }),
    });
    try {
      this.#file.connection();
      // Quotas are about to be rebuilt from what is there: nobody waits for an answer yet.
      this.#file.finishSalvage();
    } catch (error) {
      this.#failed(error);
    }
  }

  record(item: BatchItem): void {
    this.#queue.push(item);
    this.#schedule();
  }

  /** A small JSON document, written with the next flush as it is then; the last one of a name wins. */
  putState(name: string, value: unknown): void {
    this.#queue.putState(name, value);
    this.#schedule();
  }

  putConfigVersion(id: string, json: string): void {
    this.#queue.putConfig(id, json);
    this.#schedule();
  }

  beginSession(epoch: string, startedTs: number, version: string): void {
    this.#session = { epoch, startedTs, version };
    this.#sessionIn = null;
    this.#schedule();
  }

  status(): StoreStatus {
    const { dropped } = this.#queue;
    return {
      path: this.#file.path,
      ok: this.#error === null,
      error: this.#error === null || dropped === 0 ? this.#error : `${this.#error}; ${dropped} samples lost`,
      pendingRows: this.#queue.length,
      rowsWritten: this.#rowsWritten,
      writeErrors: this.#writeErrors,
      droppedRows: dropped,
      sizeBytes: this.#file.sizeBytes,
      lastFlushTs: this.#lastFlushTs,
    };
  }

  /** What a start needs; empty, with the reason, when nothing can be read. */
  load(sinceTs: number): Loaded {
    try {
      return this.#read((db) => {
        // Damage may have been found by this very read, and nobody waits for an answer yet.
        this.#file.finishSalvage();
        return loadStart(db, sinceTs, this.#session?.epoch ?? '');
      });
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      return { minutes: [], states: new Map(), lastSession: null, problems: [problem] };
    }
  }

  /** Rows on disk only, as everything below. Throws StoreUnavailableError. */
  samples(query: SampleQuery): Sample[] {
    return this.#read((db) => readSamples(db, query));
  }

  /** All samples since then by time, read in pages: others may write in between. */
  speedSamples(sinceTs: number): Generator<Sample> {
    return samplesInPages((query) => this.samples(query), sinceTs);
  }

  rollups(query: RollupQuery): ModelRollup[] {
    return this.#read((db) => readRollups(db, query));
  }

  decision(ridPrefix: string): DecisionRow[] {
    return this.#read((db) => readDecisions(db, ridPrefix));
  }

  configVersion(id: string): ConfigVersionRow | null {
    return this.#read((db) => readConfigVersion(db, id));
  }

  /** Where an import or a replay puts its samples; each batch is one short transaction. */
  sink(): SampleSink {
    return sampleSink(() => this.#file.connection(), this.#options.costOf);
  }

  /** Writes all that waits, now, as far as the disk takes it. */
  flush(): void {
    while (this.#writeSome());
  }

  /** Writes what waits and says goodbye. What can't be written stays unwritten: the usage log has it. */
  close(): void {
    if (this.#closed) return;
    this.#cancel();
    try {
      this.#file.finishSalvage();
      if (this.#file.check(true) === 'lost') this.#queue.takeBack();
      this.#file.connection().db.exec(`PRAGMA busy_timeout = ${this.#options.busyTimeoutMs ?? LAST_BUSY_TIMEOUT_MS}`);
      this.flush();
      // A file that was found to be damaged just now has a successor.
      if (this.#queue.length > 0) this.flush();
      if (this.#session !== null && this.#queue.length === 0) {
        const sql = 'UPDATE session SET ended_ts = ?, clean = 1 WHERE epoch = ?';
        this.#file.connection().db.prepare(sql).run(this.#options.nowTs(), this.#session.epoch);
      }
      this.#file.finishSalvage();
    } catch (error) {
      this.#failed(error);
    }
    this.#closed = true;
    this.#cancel();
    this.#file.drop();
  }

  /** One transaction. True: more is waiting and may be written. */
  #writeSome(): boolean {
    this.#cancel();
    if (this.#closed) return false;
    try {
      const checked = this.#file.check(this.#queue.mustCheck);
      if (checked === 'lost') this.#queue.takeBack();
      else if (checked === 'same') this.#queue.trustWritten();
      const connection = this.#file.connection();
      this.#announce(connection);
      const startedMs = performance.now();
      const { rows, items } = this.#queue.write(connection.writer, FLUSH_ITEMS, this.#options.nowTs());
      this.#options.onFlush?.((performance.now() - startedMs) / 1000);
      this.#rowsWritten += rows;
      this.#lastFlushTs = this.#options.nowTs();
      this.#lockedSinceMs = null;
      this.#file.worked();
      this.#sayWell();
      if (items.length > 0) this.#options.onDurable?.(items);
    } catch (error) {
      this.#failed(error);
      return false;
    }
    if (this.#queue.isEmpty) return false;
    this.#schedule();
    return true;
  }

  #announce(connection: UsageDatabase): void {
    if (this.#session === null || this.#sessionIn === connection) return;
    const { epoch, startedTs, version } = this.#session;
    const sql = 'INSERT OR IGNORE INTO session (epoch, started_ts, ended_ts, clean, version) VALUES (?, ?, NULL, 0, ?)';
    connection.db.prepare(sql).run(epoch, startedTs, version);
    this.#sessionIn = connection;
  }

  #schedule(): void {
    if (this.#closed) return;
    if (this.#queue.length >= FLUSH_ITEMS && this.#error === null && this.#lockedSinceMs === null)
      this.#soon ??= setImmediate(() => this.#writeSome());
    else this.#wait(FLUSH_MS);
  }

  #wait(ms: number): void {
    this.#timer ??= setTimeout(() => this.#writeSome(), ms);
    this.#timer.unref();
  }

  #cancel(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    clearImmediate(this.#soon);
    this.#soon = undefined;
  }

  #sayWell(): void {
    const lost = this.#queue.dropped - this.#toldDropped;
    this.#toldDropped += lost;
    if (this.#error !== null) this.#options.onProblem?.(`${this.#file.path} is written again`);
    if (lost > 0) this.#options.onProblem?.(`${lost} samples could not be written to ${this.#file.path} and are lost`);
    this.#error = null;
  }

  #failed(error: unknown): void {
    const failure = sqliteFailure(error);
    this.#writeErrors += 1;
    this.#cancel();
    this.#wait(RETRY_MS);
    if (failure.kind === 'busy') {
      this.#lockedSinceMs ??= performance.now();
      if (performance.now() - this.#lockedSinceMs < LOCKED_MS) return;
    } else if (failure.kind === 'corrupt') {
      this.#rebuild(failure);
    } else {
      // A full disk is nothing the connection could help; after anything else a new one starts from what is there.
      if (failure.code !== 'SQLITE_FULL') this.#file.giveUp(error);
    }
    const words = `${failure.code}: can't use ${this.#file.path}: ${failure.message}`;
    if (words !== this.#error) this.#options.onProblem?.(words);
    this.#error = words;
  }

  #rebuild(failure: SqliteFailure): void {
    this.#queue.takeBack();
    try {
      if (!this.#file.rebuild(failure)) return;
    } catch {
      // It can't be moved away; the next try may.
      return;
    }
    this.#cancel();
    this.#wait(0);
  }

  #read<T>(work: (db: Database) => T): T {
    try {
      return work(this.#file.connection().db);
    } catch (error) {
      const failure = sqliteFailure(error);
      if (failure.kind !== 'busy') this.#failed(error);
      if (failure.kind !== 'corrupt') throw unavailable(this.#file.path, error);
    }
    try {
      return work(this.#file.connection().db);
    } catch (error) {
      throw unavailable(this.#file.path, error);
    }
  }
}
