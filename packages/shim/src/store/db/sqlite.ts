import { closeSync, mkdirSync, openSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, resolve } from 'node:path';

export type SqlValue = string | number | bigint | null | Uint8Array;
export type SqlRow = Readonly<Record<string, unknown>>;

/** Rows come whole: the packaged engine's iterator outlives its statement and takes the process with it. */
export interface Statement {
  run(...values: SqlValue[]): { readonly changes: number | bigint };
  get(...values: SqlValue[]): SqlRow | undefined;
  all(...values: SqlValue[]): SqlRow[];
}

/** As much of SQLite as the shim uses; synchronous. */
export interface Database {
  readonly path: string;
  exec(sql: string): void;
  prepare(sql: string): Statement;
  close(): void;
  /** Instead of `close` when the file has lost its name: a new one of that name must not be touched, now or later. */
  leave(): void;
}

export interface OpenOptions {
  readonly readOnly?: boolean;
  /** False: a file that is not there is an error. */
  readonly create?: boolean;
  /** How long a call may wait for another writer. It waits on the calling thread: keep it short on the server's. */
  readonly busyTimeoutMs?: number;
  /**
   * True: commits now and then copy the log into the file, with fsyncs on the calling thread. The server leaves that to
   * the maintenance worker.
   */
  readonly autoCheckpoint?: boolean;
  /** Sees the file before anything in it is changed, and throws when nothing may be. */
  readonly inspect?: (db: Database) => void;
}

/**
 * Of a new file. A page takes two writes into the log and a read and a write out of it: twice the usual size halves them,
 * and each flush of a few rows writes a handful of pages all the same.
 */
export const PAGE_BYTES = 8_192;

/** For programs that nobody waits for. */
const PATIENT_MS = 5_000;

/** Opens or creates a database. Throws with what SQLite or the file system said. */
export function openDatabase(path: string, options: OpenOptions = {}): Database {
  const file = resolve(path);
  const readOnly = options.readOnly ?? false;
  if (!readOnly && options.create !== false) create(file);
  if (statSync(file).isDirectory()) throw Object.assign(new Error(`${file} is a folder`), { code: 'EISDIR' });
  const Engine = engine();
  const connection = new Engine(file, { readOnly, enableForeignKeyConstraints: false });
  const db = databaseOn(connection, file, readOnly);
  try {
    db.exec(`PRAGMA busy_timeout = ${options.busyTimeoutMs ?? PATIENT_MS}`);
    options.inspect?.(db);
    if (!readOnly) prepareForWriting(db, options);
  } catch (error) {
    connection.close();
    throw error;
  }
  return db;
}

function prepareForWriting(db: Database, options: OpenOptions): void {
  // Both take effect on a file without tables only, and only before the journal mode is chosen.
  db.exec(`PRAGMA page_size = ${PAGE_BYTES}`);
  db.exec('PRAGMA auto_vacuum = INCREMENTAL');
  db.exec('PRAGMA journal_mode = WAL');
  db.exec('PRAGMA synchronous = NORMAL');
  db.exec(`PRAGMA wal_autocheckpoint = ${options.autoCheckpoint === true ? 1_000 : 0}`);
}

function databaseOn(connection: Connection, path: string, readOnly: boolean): Database {
  return {
    path,
    exec: (sql) => connection.exec(sql),
    prepare: (sql) => new TolerantStatement(connection.prepare(sql)),
    close: () => {
      if (!readOnly) copyLog(connection);
      connection.close();
    },
    leave: () => {
      if (hasLeftItsLog(connection)) connection.close();
      else abandoned.push(connection);
    },
  };
}

interface Connection {
  exec(sql: string): void;
  prepare(sql: string): EngineStatement;
  close(): void;
}

interface EngineStatement extends Statement {
  setReadBigInts(enabled: boolean): void;
}

/**
 * The engines refuse a whole answer when one integer in it is beyond 2^53. Such a row was edited by hand or written by
 * an older program, and must not hide the others: its numbers come rounded.
 */
class TolerantStatement implements Statement {
  readonly run: Statement['run'];
  readonly #statement: EngineStatement;

  constructor(statement: EngineStatement) {
    this.#statement = statement;
    this.run = statement.run.bind(statement);
  }

  get(...values: SqlValue[]): SqlRow | undefined {
    try {
      return this.#statement.get(...values);
    } catch (error) {
      if (!isTooLarge(error)) throw error;
      return this.#rounded(() => [this.#statement.get(...values) ?? {}])[0];
    }
  }

  all(...values: SqlValue[]): SqlRow[] {
    try {
      return this.#statement.all(...values);
    } catch (error) {
      if (!isTooLarge(error)) throw error;
      return this.#rounded(() => this.#statement.all(...values));
    }
  }

  #rounded(read: () => SqlRow[]): SqlRow[] {
    this.#statement.setReadBigInts(true);
    try {
      return read().map(roundedRow);
    } finally {
      this.#statement.setReadBigInts(false);
    }
  }
}

/** The packaged engine has no code for it, the one in Node ERR_OUT_OF_RANGE, and both say this. */
function isTooLarge(error: unknown): boolean {
  return error instanceof Error && error.message.includes('too large to be represented as a JavaScript number');
}

function roundedRow(row: SqlRow): SqlRow {
  const entries = Object.entries(row).map(([name, value]) => [name, typeof value === 'bigint' ? Number(value) : value]);
  return Object.fromEntries(entries) as SqlRow;
}

/** Connections that could not be closed without danger. A file that loses its name is rare. */
const abandoned: Connection[] = [];

/**
 * The packaged engine closes the file only when the last statement has been garbage collected, so what closing does
 * must be asked for.
 */
function copyLog(connection: Connection): void {
  try {
    connection.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  } catch {
    // It stays in the log, and the next one to open the file finds it there.
  }
}

/**
 * Closing late, SQLite would delete the log by its name, and by then it is the log of a new file. Without a log of its
 * own a connection deletes nothing.
 */
function hasLeftItsLog(connection: Connection): boolean {
  try {
    return connection.prepare('PRAGMA journal_mode = DELETE').get()?.['journal_mode'] === 'delete';
  } catch {
    return false;
  }
}

/** All of it or nothing. The write lock is taken first, so that a busy database fails before any work is done. */
export function inTransaction<T>(db: Database, work: () => T): T {
  db.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    db.exec('COMMIT');
    return result;
  } catch (error) {
    try {
      db.exec('ROLLBACK');
    } catch {
      // SQLite has rolled back already.
    }
    throw error;
  }
}

/** First column of the first row as a number; null without one. */
export function numberOf(db: Database, sql: string, ...values: SqlValue[]): number | null {
  const value = Object.values(db.prepare(sql).get(...values) ?? {})[0];
  return typeof value === 'number' ? value : null;
}

type Engine = new (
  path: string,
  options: { readonly readOnly: boolean; readonly enableForeignKeyConstraints: boolean },
) => Connection;

let loaded: Engine | undefined;

/** The SQLite inside Node where there is one, else the same API from a package. Loaded by the first who asks. */
function engine(): Engine {
  loaded ??= builtIn() ?? packaged();
  return loaded;
}

function builtIn(): Engine | null {
  // Loading it warns that it is experimental: nothing a user of this program could do anything about.
  const before = Object.getOwnPropertyDescriptor(process, 'emitWarning');
  Object.defineProperty(process, 'emitWarning', { value: () => undefined, configurable: true, writable: true });
  try {
    const module = process.getBuiltinModule('node:sqlite') as { readonly DatabaseSync: Engine } | undefined;
    return module?.DatabaseSync ?? null;
  } finally {
    if (before === undefined) Reflect.deleteProperty(process, 'emitWarning');
    else Object.defineProperty(process, 'emitWarning', before);
  }
}

function packaged(): Engine {
  const require = createRequire(import.meta.url);
  return (require('@photostructure/sqlite') as { readonly DatabaseSync: Engine }).DatabaseSync;
}

/**
 * Makes an empty file that only its owner can read; SQLite gives its side files the same mode. A file that is there is
 * not opened: closing any descriptor of it would drop the locks this process holds on it.
 */
function create(file: string): void {
  makeFolder(dirname(file));
  try {
    closeSync(openSync(file, 'wx', 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/** Node's own recursive way never returns from a place where nothing can be made, such as /proc. */
function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' && statSync(folder).isDirectory()) return;
    if (code !== 'ENOENT' || dirname(folder) === folder) throw error;
    makeFolder(dirname(folder));
    mkdirSync(folder, { mode: 0o700 });
  }
}
