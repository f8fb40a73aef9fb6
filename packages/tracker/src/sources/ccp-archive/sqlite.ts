import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

export type SqlRow = Readonly<Record<string, unknown>>;

interface EngineStatement {
  get(...values: readonly (string | number)[]): SqlRow | undefined;
  all(...values: readonly (string | number)[]): SqlRow[];
  setReadBigInts(enabled: boolean): void;
}

interface Connection {
  exec(sql: string): void;
  prepare(sql: string): EngineStatement;
  close(): void;
}

/** A database that is only read. */
export interface ReadDatabase {
  exec(sql: string): void;
  /** First column of the first row; undefined: there is none. */
  one(sql: string): unknown;
  all(sql: string, ...values: readonly (string | number)[]): readonly SqlRow[];
  close(): void;
}

/** How long another program's lock is waited for, milliseconds. */
const PATIENCE_MS = 2_000;

/** Opens a database for reading. Throws what SQLite or the file system says. */
export function openToRead(file: string): ReadDatabase {
  if (statSync(file).isDirectory()) throw Object.assign(new Error(`${file} is a folder`), { code: 'EISDIR' });
  const Engine = engine();
  const connection = new Engine(isAtRest(file) ? asItLies(file) : file, { readOnly: true });
  connection.exec(`PRAGMA busy_timeout = ${PATIENCE_MS}`);
  return {
    exec: (sql) => connection.exec(sql),
    one: (sql) => Object.values(connection.prepare(sql).get() ?? {})[0],
    all: (sql, ...values) => allOf(connection.prepare(sql), values),
    close: () => connection.close(),
  };
}

/**
 * Whether it is a database with a write-ahead log, and that log is empty: nobody has it open. SQLite would make a log and
 * an index beside it all the same, leave them there, and fail where nothing may be made.
 */
function isAtRest(file: string): boolean {
  const head = Buffer.alloc(20);
  const fd = openSync(file, 'r');
  try {
    readSync(fd, head, 0, head.length, 0);
  } finally {
    closeSync(fd);
  }
  return head[18] === 2 && head[19] === 2 && (statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0) === 0;
}

/** Without locks, log and index: https://sqlite.org/uri.html */
function asItLies(file: string): URL {
  const url = pathToFileURL(file);
  url.searchParams.set('immutable', '1');
  return url;
}

/** Integers beyond 2^53 come rounded: one row that was edited by hand must not hide the others. */
function allOf(statement: EngineStatement, values: readonly (string | number)[]): SqlRow[] {
  try {
    return statement.all(...values);
  } catch (error) {
    if (!(error instanceof Error && error.message.includes('too large to be represented'))) throw error;
    statement.setReadBigInts(true);
    return statement.all(...values).map((row) => Object.fromEntries(Object.entries(row).map(rounded)));
  }
}

function rounded([name, value]: readonly [string, unknown]): [string, unknown] {
  return [name, typeof value === 'bigint' ? Number(value) : value];
}

type Engine = new (path: string | URL, options: { readonly readOnly: boolean }) => Connection;

let loaded: Engine | undefined;

/** The SQLite inside Node where there is one, else the same API from a package. */
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
