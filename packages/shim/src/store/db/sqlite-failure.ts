/**
 * What a failed call means for the rows in hand. `busy`: somebody else writes, try again. `corrupt`: the file is no
 * longer a database. `row`: this row can never be written. `disk`: everything else; wait until it is mended.
 */
export type SqliteFailureKind = 'busy' | 'corrupt' | 'row' | 'disk';

export interface SqliteFailure {
  readonly kind: SqliteFailureKind;
  /** SQLITE_… or the code of the file system. */
  readonly code: string;
  readonly message: string;
}

/** Primary result codes, https://sqlite.org/rescode.html. The others are shown by number. */
const NAMES: Readonly<Record<number, string>> = {
  1: 'ERROR',
  3: 'PERM',
  5: 'BUSY',
  6: 'LOCKED',
  7: 'NOMEM',
  8: 'READONLY',
  10: 'IOERR',
  11: 'CORRUPT',
  13: 'FULL',
  14: 'CANTOPEN',
  15: 'PROTOCOL',
  17: 'SCHEMA',
  18: 'TOOBIG',
  19: 'CONSTRAINT',
  20: 'MISMATCH',
  25: 'RANGE',
  26: 'NOTADB',
};

const KINDS: Readonly<Record<number, SqliteFailureKind>> = {
  5: 'busy',
  6: 'busy',
  11: 'corrupt',
  18: 'row',
  19: 'row',
  20: 'row',
  25: 'row',
  26: 'corrupt',
};

/** Some calls of the packaged engine throw with the words only. */
const BY_WORDS: readonly (readonly [string, number])[] = [
  ['database disk image is malformed', 11],
  ['file is not a database', 26],
  ['database is locked', 5],
  ['database table is locked', 6],
  ['disk I/O error', 10],
  ['database or disk is full', 13],
  ['attempt to write a readonly database', 8],
  ['unable to open database file', 14],
];

export function sqliteFailure(error: unknown): SqliteFailure {
  const { errcode, code } = error as { readonly errcode?: unknown; readonly code?: unknown };
  const message = error instanceof Error ? error.message : String(error);
  const result = typeof errcode === 'number' ? errcode : BY_WORDS.find(([words]) => message.includes(words))?.[1];
  if (result !== undefined) {
    // The higher bits say more about the same thing.
    const primary = result & 0xff;
    return { kind: KINDS[primary] ?? 'disk', code: `SQLITE_${NAMES[primary] ?? primary}`, message };
  }
  // A value that can't be bound, or text that can't be made.
  if (error instanceof TypeError || error instanceof RangeError) return { kind: 'row', code: error.name, message };
  if (typeof code === 'string') return { kind: 'disk', code, message };
  return { kind: 'disk', code: error instanceof Error ? error.name : 'Error', message };
}
