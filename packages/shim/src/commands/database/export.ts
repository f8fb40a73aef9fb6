import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { exportCsv, streamCsv } from '../../store/db/export-csv.ts';
import { numberOf, type Database } from '../../store/db/sqlite.ts';
import { sqliteFailure } from '../../store/db/sqlite-failure.ts';
import { OperatorError } from '../operator-command.ts';
import { Progress } from '../progress.ts';

export interface ExportWish {
  readonly sinceTs: number;
  /** Null: every model. */
  readonly model: string | null;
}

export interface Exported {
  readonly path: string;
  readonly rows: number;
  readonly bytes: number;
}

/** Rows of one moment, whatever is written meanwhile. */
export function exportToFile(db: Database, path: string, wish: ExportWish): Exported {
  onlyModel(db, wish.model);
  const progress = new Progress();
  db.exec('BEGIN');
  try {
    const rows = numberOf(db, 'SELECT count(*) FROM usage_sample WHERE ts >= ?', wish.sinceTs) ?? 0;
    progress.say(`writing ${rows.toLocaleString('en-US')} samples to ${path}`);
    writeTo(db, path, wish.sinceTs);
    return { path: resolve(path), rows, bytes: statSync(path).size };
  } finally {
    db.exec('ROLLBACK');
    progress.clear();
  }
}

/** Reads on as fast as whoever reads the pipe, so without holding on to one moment. */
export async function exportToStdout(db: Database, { sinceTs, model }: ExportWish): Promise<void> {
  onlyModel(db, model);
  await streamCsv(db, process.stdout, sinceTs);
}

/** On this connection the table now means its rows of one model: temporary names come before those of the file. */
function onlyModel(db: Database, model: string | null): void {
  if (model === null) return;
  const quoted = `'${model.replaceAll("'", "''")}'`;
  db.exec(`CREATE TEMP VIEW usage_sample AS SELECT * FROM main.usage_sample WHERE model = ${quoted}`);
}

function writeTo(db: Database, path: string, sinceTs: number): void {
  try {
    exportCsv(db, path, sinceTs);
  } catch (error) {
    // SQLite speaks of the database, the file system of the file to be written.
    if (typeof (error as { errcode?: unknown }).errcode === 'number') throw error;
    throw new OperatorError(
      `${path} can't be written (${sqliteFailure(error).code})`,
      'check the path and the free space',
    );
  }
}
