import { accessSync, constants, existsSync, statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Settings } from '../../config/settings.ts';
import { openDatabase } from '../../store/db/sqlite.ts';
import { integrityOf } from '../database/status.ts';
import { bad, good, warn, type Finding } from './finding.ts';

const LITTLE_BYTES = 200 * 1024 * 1024;

/** Can the log and the database be written, and is the database whole? */
export function diskFindings(settings: Settings): Finding[] {
  const findings = [folderFinding('log', settings.logsDir)];
  const { database } = settings;
  if (database === null) return [...findings, warn('database', 'none is kept (CCP_PERSIST=0)', 'unset CCP_PERSIST')];
  findings.push(folderFinding('state', dirname(database.path)));
  findings.push(databaseFinding(database.path));
  return findings;
}

function folderFinding(check: string, folder: string): Finding {
  const nearest = nearestExisting(folder);
  if (!statSync(nearest).isDirectory())
    return bad(check, `${nearest} is in the way: it is no folder`, 'move it, or give --state-dir DIR (CCP_STATE_DIR)');
  try {
    accessSync(nearest, constants.W_OK | constants.X_OK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return bad(check, `${nearest} can't be written (${code ?? 'error'})`, 'give --state-dir DIR (CCP_STATE_DIR)');
  }
  const { bavail, bsize } = statfsSync(nearest);
  const free = bavail * bsize;
  const text = `${folder}: ${megabytes(free)} free`;
  if (free < LITTLE_BYTES) return warn(check, text, 'make room: what does not fit waits in memory');
  return good(check, text);
}

function databaseFinding(path: string): Finding {
  if (!existsSync(path)) return good('database', `${path} does not exist yet`);
  try {
    const db = openDatabase(path, { readOnly: true, create: false });
    try {
      const integrity = integrityOf(db, false);
      if (integrity === 'ok') return good('database', `${path} is whole`);
      return bad('database', `${path}: ${integrity}`, 'a running shim rebuilds it from the usage log by itself');
    } finally {
      db.close();
    }
  } catch (error) {
    return bad(
      'database',
      `${path}: ${error instanceof Error ? error.message : String(error)}`,
      'shim db status says more',
    );
  }
}

/** The folder itself, or the one it would be made in. */
function nearestExisting(folder: string): string {
  let at = folder;
  while (!existsSync(at) && dirname(at) !== at) at = dirname(at);
  return at;
}

function megabytes(bytes: number): string {
  return bytes >= 10 * 2 ** 30 ? `${Math.floor(bytes / 2 ** 30)} GiB` : `${Math.floor(bytes / 2 ** 20)} MiB`;
}
