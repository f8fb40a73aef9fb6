import { statSync } from 'node:fs';
import { FORM_COLUMN } from '../../store/db/sample.ts';
import { columnsOf } from '../../store/db/schema.ts';
import { numberOf, type Database } from '../../store/db/sqlite.ts';
import { sqliteFailure } from '../../store/db/sqlite-failure.ts';
import { momentOf } from '../text/moment.ts';
import { ABSENT } from '../text/numbers.ts';

/** Times are epoch seconds. Null: nothing there, or it can't be read. */
export interface DatabaseStatus {
  readonly path: string;
  /** The file and its log together. */
  readonly size_bytes: number;
  /** 0: made by the original program and not yet opened by ours. */
  readonly schema_version: number | null;
  readonly samples: number | null;
  readonly ts_min: number | null;
  readonly ts_max: number | null;
  readonly hour_rows: number | null;
  readonly day_rows: number | null;
  readonly minute_rows: number | null;
  readonly decisions: number | null;
  readonly sessions: { readonly count: number | null; readonly last: LastSession | null };
  /** `ok`, or what is wrong. */
  readonly integrity: string;
}

interface LastSession {
  readonly epoch: string;
  readonly started_ts: number;
  /** Null: it runs, or never said goodbye. */
  readonly ended_ts: number | null;
  readonly clean: boolean;
}

/** Counts what is there. `full` also compares every index with its table, which takes much longer. */
export function databaseStatus(db: Database, full: boolean): DatabaseStatus {
  const count = (table: string): number | null =>
    readable(() => (columnsOf(db, table).length === 0 ? 0 : numberOf(db, `SELECT count(*) FROM ${table}`)));
  return {
    path: db.path,
    size_bytes: bytesOf(db.path),
    schema_version: readable(() => numberOf(db, 'PRAGMA user_version')),
    samples: count('usage_sample'),
    ts_min: readable(() => numberOf(db, 'SELECT min(ts) FROM usage_sample')),
    ts_max: readable(() => numberOf(db, 'SELECT max(ts) FROM usage_sample')),
    hour_rows: count('usage_rollup_hour'),
    day_rows: count('usage_rollup_day'),
    minute_rows: count('ledger_minute'),
    decisions: readable(() => numberOf(db, decisionCount(db))),
    sessions: { count: count('session'), last: readable(() => lastSession(db)) },
    integrity: integrityOf(db, full),
  };
}

/** Those kept whole, and those of turns that simply came through, which lie in the turn's own row. */
function decisionCount(db: Database): string {
  const counts = [
    ...(columnsOf(db, 'decision').length === 0 ? [] : ['(SELECT count(*) FROM decision)']),
    ...(columnsOf(db, 'usage_sample').includes(FORM_COLUMN)
      ? [`(SELECT count(${FORM_COLUMN}) FROM usage_sample)`]
      : []),
  ];
  return `SELECT ${['0', ...counts].join(' + ')}`;
}

export function bytesOf(path: string): number {
  const size = (file: string): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  return size(path) + size(`${path}-wal`);
}

/** The first things wrong with the file, or `ok`. */
export function integrityOf(db: Database, full: boolean): string {
  try {
    const rows = db.prepare(full ? 'PRAGMA integrity_check(3)' : 'PRAGMA quick_check(3)').all();
    return rows.map((row) => String(Object.values(row)[0]).replaceAll('\n', ' ')).join('; ');
  } catch (error) {
    const { kind, code, message } = sqliteFailure(error);
    if (kind !== 'corrupt') throw error;
    return `${code}: ${message}`;
  }
}

export function statusLines(status: DatabaseStatus): string[] {
  const { sessions, size_bytes: size } = status;
  const { last } = sessions;
  const ended = last === null ? '' : last.ended_ts === null ? 'no end noted' : `ended ${momentOf(last.ended_ts)}`;
  const rows: [string, string][] = [
    ['path', status.path],
    ['size', `${grouped(size)} bytes`],
    ['format', status.schema_version === 0 ? '0 (the original program)' : grouped(status.schema_version)],
    ['samples', spanned(status.samples, status.ts_min, status.ts_max)],
    ['hour rows', grouped(status.hour_rows)],
    ['day rows', grouped(status.day_rows)],
    ['minute rows', grouped(status.minute_rows)],
    ['decisions', grouped(status.decisions)],
    ['sessions', grouped(sessions.count)],
    ...((last === null
      ? []
      : [
          ['last session', `${last.epoch}, began ${momentOf(last.started_ts)}, ${ended}${last.clean ? ', clean' : ''}`],
        ]) as [string, string][]),
    ['integrity', status.integrity],
  ];
  return rows.map(([name, value]) => `${name.padEnd(14)}${value}`);
}

function lastSession(db: Database): LastSession | null {
  if (columnsOf(db, 'session').length === 0) return null;
  const row = db.prepare('SELECT * FROM session ORDER BY started_ts DESC LIMIT 1').get();
  if (row === undefined) return null;
  const ended = row['ended_ts'];
  return {
    epoch: String(row['epoch']),
    started_ts: Number(row['started_ts']),
    ended_ts: typeof ended === 'number' ? ended : null,
    clean: row['clean'] === 1,
  };
}

/** A damaged part must not hide what the others say. */
function readable<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (sqliteFailure(error).kind !== 'corrupt') throw error;
    return null;
  }
}

function spanned(count: number | null, from: number | null, to: number | null): string {
  return from === null || to === null ? grouped(count) : `${grouped(count)} (${momentOf(from)} to ${momentOf(to)})`;
}

function grouped(value: number | null): string {
  return value === null ? ABSENT : value.toLocaleString('en-US');
}
