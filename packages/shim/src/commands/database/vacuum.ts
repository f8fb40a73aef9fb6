import { copyLog } from '../../store/db/maintenance.ts';
import { openDatabase } from '../../store/db/sqlite.ts';
import { sqliteFailure } from '../../store/db/sqlite-failure.ts';
import { OperatorError } from '../operator-command.ts';
import { Progress } from '../progress.ts';
import { inWords, reading } from './open.ts';
import { bytesOf } from './status.ts';

export interface Vacuumed {
  readonly path: string;
  readonly bytes_before: number;
  readonly bytes_after: number;
  /** False: somebody still reads the old pages; the file shrinks when the shim next looks after it. */
  readonly shrunk: boolean;
}

/** Writes the file anew without its gaps. Nobody else can write meanwhile: a running shim keeps its rows in memory. */
export async function vacuum(path: string): Promise<Vacuumed> {
  // Opening for writing turns any file into one of ours: first see whether it is one.
  await reading(path, () => undefined);
  const progress = new Progress();
  const before = bytesOf(path);
  progress.say(`writing ${path} anew (${before.toLocaleString('en-US')} bytes)`);
  try {
    return await inWords(path, () => {
      const shrunk = compact(path);
      return { path, bytes_before: before, bytes_after: bytesOf(path), shrunk };
    });
  } finally {
    progress.clear();
  }
}

function compact(path: string): boolean {
  try {
    const db = openDatabase(path, { create: false });
    try {
      db.exec('VACUUM');
      return copyLog(db) === 'truncate';
    } finally {
      db.close();
    }
  } catch (error) {
    if (sqliteFailure(error).kind !== 'busy') throw error;
    throw new OperatorError(
      `${path} was left as it is: another process has been writing to it for 5 s`,
      'try again in a moment, or stop the shim first',
    );
  }
}
