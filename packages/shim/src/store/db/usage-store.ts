import type { BatchItem } from './batch-writer.ts';
import { FlushTimer } from './flush-timer.ts';
import { moveFutureMinutes, putMinutes } from './minutes.ts';
import { OwnSession } from './own-session.ts';
import {
  loadStart,
  readConfigVersion,
  newestRow,
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
import type { MinuteDelta, Sample } from './sample.ts';
import { sampleSink, type SampleSink } from './sample-sink.ts';
import type { Database } from './sqlite.ts';
import { sqliteFailure, type SqliteFailure } from './sqlite-failure.ts';
import { StoreFile } from './store-file.ts';
import { unavailable, type StoreStatus, type UsageStoreOptions } from './store-status.ts';
import { WriteQueue } from './write-queue.ts';

/** Items wait at most this long before they are on disk. */
export const FLUSH_MS = 100;
/** One transaction: a few milliseconds of the event loop. */
export const FLUSH_ITEMS = 400;
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
  readonly #timer = new FlushTimer(() => this.#writeSome());
  #error: string | null = null;
  #writeErrors = 0;
  #rowsWritten = 0;
  #lastFlushTs: number | null = null;
  #lockedSinceMs: number | null = null;
  #session: OwnSession | null = null;
  #toldDropped = 0;
  #closed = false;

  constructor(options: UsageStoreOptions) {
    this.#options = options;
    this.#queue = new WriteQueue(options.mostPending ?? MOST_PENDING);
    this.#file = new StoreFile({
      path: options.path,
      nowTs: options.nowTs,
      busyTimeoutMs: options.busyTimeoutMs ?? BUSY_TIMEOUT_MS,
      onRebuilt: (reason) => this.#rebuilt(reason),
      onOtherFile: (why) => this.#begunAnew(why),
      held: this.#queue,
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
    this.#session = new OwnSession(epoch, startedTs, version);
    this.#schedule();
  }

  status(): StoreStatus {
    const { dropped } = this.#queue;
    return {
      path: this.#file.path,
      ok: this.#error === null,
      error: this.#error === null || dropped === 0 ? this.#error : `${this.#error}; ${dropped} samples lost`,
      pendingRows: this.#queue.waiting,
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
        const problems = Number.isFinite(sinceTs) ? moveFutureMinutes(db, this.#options.nowTs()) : [];
        const loaded = loadStart(db, sinceTs, this.#session?.epoch ?? '');
        return { ...loaded, problems: [...problems, ...loaded.problems] };
      });
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      return { minutes: [], states: new Map(), lastSession: null, problems: [problem] };
    }
  }

  /**
   * Writes what somebody knows of minutes where the database knows fewer requests, or none: after a file was lost or
   * damaged. All that was recorded is written first, so that it is not counted on top.
   *
   * @returns how many minutes were written
   */
  putMinutes(minutes: Iterable<MinuteDelta>): number {
    this.flush();
    if (this.#queue.waiting > 0) throw unavailable(this.#file.path, new Error('rows are waiting to be written'));
    const all = [...minutes];
    return this.#read((db) => putMinutes(db, all));
  }

  /** Rows on disk only, as everything below. Throws StoreUnavailableError. */
  samples(query: SampleQuery): Sample[] {
    return this.#read((db) => readSamples(db, query));
  }

  readonly newestRow = (): number => this.#read(newestRow);

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
    return sampleSink(() => this.#file.connection(), this.#options.costOf, this.#options.nowTs);
  }

  /** Writes all that waits, now, as far as the disk takes it. */
  flush(): void {
    while (this.#writeSome());
  }

  /** Writes what waits and says goodbye. What can't be written stays unwritten: the usage log has it. */
  close(): void {
    if (this.#closed) return;
    this.#timer.cancel();
    try {
      this.#file.finishSalvage();
      this.#file.check(true);
      this.#file.connection().db.exec(`PRAGMA busy_timeout = ${this.#options.busyTimeoutMs ?? LAST_BUSY_TIMEOUT_MS}`);
      this.flush();
      // A file that was found to be damaged just now has a successor.
      if (this.#queue.length > 0) this.flush();
      this.#file.finishSalvage();
      if (this.#session !== null && this.#queue.waiting === 0) {
        this.#session.sayGoodbye(this.#file.connection(), this.#options.nowTs());
      }
    } catch (error) {
      this.#failed(error);
    }
    this.#closed = true;
    this.#timer.cancel();
    this.#file.drop();
  }

  /** One transaction. True: more is waiting and may be written. */
  #writeSome(): boolean {
    this.#timer.cancel();
    if (this.#closed) return false;
    try {
      if (this.#file.check(this.#queue.mustCheck) === 'same') this.#queue.trustWritten();
      const connection = this.#file.connection();
      this.#session?.announce(connection);
      if (!this.#file.isSalvaging) this.#queue.writeHeld(connection.writer, this.#options.nowTs());
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

  /** The next connection is to a file that lacks what this one has been given. */
  #begunAnew(why: 'lost' | 'damaged'): void {
    if (why === 'damaged') this.#queue.hold();
    else this.#queue.takeBack();
    this.#schedule();
  }

  /** Who closes does not want to begin anything. */
  #rebuilt(reason: string): void {
    if (!this.#closed) this.#options.onRebuilt?.(reason);
  }

  #schedule(): void {
    if (this.#closed) return;
    if (this.#queue.length >= FLUSH_ITEMS && this.#error === null && this.#lockedSinceMs === null) this.#timer.soon();
    else this.#timer.within(FLUSH_MS);
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
    this.#timer.cancel();
    this.#timer.within(RETRY_MS);
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
    try {
      if (!this.#file.rebuild(failure)) return;
    } catch {
      // It can't be moved away; the next try may.
      return;
    }
    this.#timer.cancel();
    this.#timer.within(0);
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
