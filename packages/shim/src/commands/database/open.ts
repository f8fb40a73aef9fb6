import { statSync } from 'node:fs';
import type { Command } from 'commander';
import { APPLICATION_ID, columnsOf, SCHEMA_VERSION } from '../../store/db/schema.ts';
import { numberOf, openDatabase, type Database } from '../../store/db/sqlite.ts';
import { sqliteFailure } from '../../store/db/sqlite-failure.ts';
import { settingsOf } from '../config/settings-of.ts';
import { OperatorError } from '../operator-command.ts';

export interface DatabaseFlags {
  readonly stateDir?: string;
}

/** Adds the option by which the database is found. */
export function withDatabase(command: Command): Command {
  return command.option(
    '--state-dir <dir>',
    'where the database is (CCP_STATE_DIR; CCP_DB_PATH names the file itself)',
  );
}

/** Where a shim started here and now would keep its database. */
export function databasePath({ stateDir }: DatabaseFlags): string {
  const { database } = settingsOf(stateDir === undefined ? {} : { stateDir });
  if (database === null)
    throw new OperatorError('CCP_PERSIST=0: no database is kept', 'unset it, or set it to 1, to use a former one');
  return database.path;
}

/** Reads from a database that may be in use. What SQLite or the file system refuse is said in words. */
export async function reading<T>(path: string, work: (db: Database) => T | Promise<T>): Promise<T> {
  needFile(path);
  return inWords(path, async () => {
    const db = openDatabase(path, { readOnly: true });
    try {
      checkOrigin(db);
      return await work(db);
    } finally {
      db.close();
    }
  });
}

export function needFile(path: string): void {
  if (statSync(path, { throwIfNoEntry: false }) !== undefined) return;
  throw new OperatorError(
    `there is no database at ${path}`,
    'shim serve makes one when it starts; name another with --state-dir DIR (CCP_STATE_DIR) or CCP_DB_PATH',
  );
}

/** A database of ours, of the original program, or neither. */
function checkOrigin(db: Database): void {
  const application = numberOf(db, 'PRAGMA application_id') ?? 0;
  const isKnown = application === APPLICATION_ID || application === 0;
  if (!isKnown || columnsOf(db, 'usage_sample').length === 0)
    throw new OperatorError(
      `${db.path} is a database of another program`,
      'name ours with --state-dir DIR (CCP_STATE_DIR) or CCP_DB_PATH',
    );
  const version = numberOf(db, 'PRAGMA user_version') ?? 0;
  if (version > SCHEMA_VERSION)
    throw new OperatorError(
      `${db.path} has format ${version}, and this program knows formats up to ${SCHEMA_VERSION}`,
      'use the version of this program that wrote it, or a later one',
    );
}

/** Turns what SQLite and the file system say into what an operator can do about it. */
export async function inWords<T>(path: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const { errcode, code } = error as { readonly errcode?: unknown; readonly code?: unknown };
    const isKnown = typeof errcode === 'number' || typeof code === 'string';
    if (error instanceof OperatorError || !isKnown) throw error;
    const failure = sqliteFailure(error);
    const what = `${failure.code}: ${failure.message}`;
    switch (failure.kind) {
      case 'busy':
        throw new OperatorError(`${path} is locked by another process (${what})`, 'try again when that is done');
      case 'corrupt':
        throw new OperatorError(
          `${path} is damaged, or no database (${what})`,
          'check the path; of a damaged database a starting shim keeps all that can still be read',
        );
      case 'row':
      case 'disk':
        throw new OperatorError(
          `${path} can't be used (${what})`,
          'check the path, its permissions and the free space',
        );
    }
  }
}
