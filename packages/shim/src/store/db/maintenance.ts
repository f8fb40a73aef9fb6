import { setSamplesCoverFrom } from './recompute-rollups.ts';
import { HOURS_COVER_FROM_TS } from './sample-sink.ts';
import { inTransaction, numberOf, type Database, type SqlValue } from './sqlite.ts';

export interface RetentionOptions {
  readonly nowTs: number;
  /** How long rows are kept, in seconds. */
  readonly sampleTtlS: number;
  readonly hourTtlS: number;
  readonly decisionTtlS: number;
  /** Longest window of a quota; its minutes are kept a day longer. */
  readonly weeklySpanS: number;
  /** Beyond this many bytes in use the oldest samples and decisions go, whatever their age. */
  readonly maxBytes: number;
}

export interface MaintenanceReport {
  /** Rows deleted. */
  readonly samples: number;
  readonly hours: number;
  readonly decisions: number;
  readonly minutes: number;
  readonly pagesFreed: number;
  /** `passive`: readers kept the log from being cut to nothing. `busy`: it was not even copied. */
  readonly checkpoint: 'truncate' | 'passive' | 'busy';
  /** Bytes of the database without its log. */
  readonly sizeBytes: number;
}

/** So the write lock is held for some 10 ms at most. */
const CHUNK_ROWS = 2_000;
const CHUNK_PAGES = 250;
const DAY_S = 86_400;

/**
 * Deletes what is too old or too much, gives pages back and copies the log into the file. Sums of hours and days are
 * never touched by what happens to their samples.
 */
export function maintain(db: Database, options: RetentionOptions): MaintenanceReport {
  const { nowTs } = options;
  const byAge = {
    samples: deleteSamplesBefore(db, nowTs - options.sampleTtlS),
    hours: deleteHoursBefore(db, nowTs - options.hourTtlS),
    decisions: deleteDecisionsBefore(db, nowTs - options.decisionTtlS),
    minutes: deleteMinutesBefore(db, Math.floor((nowTs - options.weeklySpanS - DAY_S) / 60)),
  };
  const bySize = deleteBySize(db, options.maxBytes);
  const pagesFreed = giveBackPages(db);
  const checkpoint = copyLog(db);
  return {
    ...byAge,
    samples: byAge.samples + bySize.samples,
    decisions: byAge.decisions + bySize.decisions,
    pagesFreed,
    checkpoint,
    sizeBytes: pragma(db, 'page_count') * pragma(db, 'page_size'),
  };
}

function deleteSamplesBefore(db: Database, ts: number): number {
  const sql = `DELETE FROM usage_sample WHERE rowid IN
    (SELECT rowid FROM usage_sample WHERE ts < ? ORDER BY ts LIMIT ${CHUNK_ROWS})`;
  // The edge moves with the first sample that goes: sums of a bucket that lacks samples must never be made anew.
  return inChunks(db, sql, [ts], () => setSamplesCoverFrom(db, ts));
}

function deleteHoursBefore(db: Database, ts: number): number {
  const sql = `DELETE FROM usage_rollup_hour WHERE rowid IN
    (SELECT rowid FROM usage_rollup_hour WHERE window_start < ? LIMIT ${CHUNK_ROWS})`;
  return inChunks(db, sql, [ts], () => {
    db.prepare('INSERT OR REPLACE INTO state (name, json, updated_ts) VALUES (?, ?, ?)').run(
      HOURS_COVER_FROM_TS,
      String(ts),
      ts,
    );
  });
}

/** Their rows are in order of time, more or less, so the first ones are the oldest: an index on time would cost more. */
function deleteDecisionsBefore(db: Database, ts: number): number {
  const sql = `DELETE FROM decision WHERE ts < ? AND rowid IN
    (SELECT rowid FROM decision ORDER BY rowid LIMIT ${CHUNK_ROWS})`;
  return inChunks(db, sql, [ts]);
}

/** Few series, each in order of time: looked up one by one, because the key begins with them. */
function deleteMinutesBefore(db: Database, minute: number): number {
  let deleted = 0;
  const sql = 'DELETE FROM ledger_minute WHERE lane = ? AND model = ? AND minute < ?';
  const bounded = `${sql} AND minute < (SELECT min(minute) FROM ledger_minute WHERE lane = ? AND model = ?) + ${CHUNK_ROWS}`;
  const next = db.prepare(
    'SELECT lane, model FROM ledger_minute WHERE (lane, model) > (?, ?) ORDER BY lane, model LIMIT 1',
  );
  for (let series = next.get('', ''); series !== undefined;) {
    const key = [String(series['lane']), String(series['model'])] as const;
    deleted += inChunks(db, bounded, [...key, minute, ...key]);
    series = next.get(...key);
  }
  // The series without any name comes before the first one that has one.
  return deleted + inChunks(db, bounded, ['', '', minute, '', '']);
}

function deleteBySize(db: Database, maxBytes: number): { samples: number; decisions: number } {
  const deleted = { samples: 0, decisions: 0 };
  while ((pragma(db, 'page_count') - pragma(db, 'freelist_count')) * pragma(db, 'page_size') > maxBytes) {
    const samples = deleteOldestSamples(db);
    const decisions = inTransaction(db, () =>
      changes(
        db,
        `DELETE FROM decision WHERE rowid IN (SELECT rowid FROM decision ORDER BY rowid LIMIT ${CHUNK_ROWS})`,
      ),
    );
    if (samples + decisions === 0) break;
    deleted.samples += samples;
    deleted.decisions += decisions;
  }
  return deleted;
}

/** Samples of one moment go together: the retention edge lies between moments. */
function deleteOldestSamples(db: Database): number {
  return inTransaction(db, () => {
    const oldest = numberOf(db, 'SELECT min(ts) FROM usage_sample');
    if (oldest === null) return 0;
    const later = 'SELECT ts FROM usage_sample WHERE ts > ? ORDER BY ts LIMIT 1 OFFSET';
    const edge =
      numberOf(db, `${later} ${CHUNK_ROWS}`, oldest) ??
      (numberOf(db, 'SELECT max(ts) FROM usage_sample') ?? oldest) + MOMENT_S;
    setSamplesCoverFrom(db, edge);
    return changes(db, 'DELETE FROM usage_sample WHERE ts < ?', edge);
  });
}

/** Shorter than the time between two clock readings. */
const MOMENT_S = 1e-3;

/** Free pages are used again; only many of them are given back to the disk. */
function giveBackPages(db: Database): number {
  const before = pragma(db, 'freelist_count');
  // 2: incremental. A file of another make has pages that can't be given back without stopping everybody.
  if (pragma(db, 'auto_vacuum') !== 2 || before < Math.max(CHUNK_PAGES, pragma(db, 'page_count') / 10)) return 0;
  for (let left = before; left > 0;) {
    db.exec(`PRAGMA incremental_vacuum(${CHUNK_PAGES})`);
    const now = pragma(db, 'freelist_count');
    if (now >= left) break;
    left = now;
  }
  return before - pragma(db, 'freelist_count');
}

/** The bulk is copied while others write; only the rest needs their pause. */
export function copyLog(db: Database): MaintenanceReport['checkpoint'] {
  const passive = checkpoint(db, 'PASSIVE');
  if (checkpoint(db, 'TRUNCATE')) return 'truncate';
  return passive ? 'passive' : 'busy';
}

function checkpoint(db: Database, mode: 'PASSIVE' | 'TRUNCATE'): boolean {
  try {
    return db.prepare(`PRAGMA wal_checkpoint(${mode})`).get()?.['busy'] === 0;
  } catch {
    return false;
  }
}

function inChunks(db: Database, sql: string, values: readonly SqlValue[], andThen?: () => void): number {
  let deleted = 0;
  for (;;) {
    const some = inTransaction(db, () => {
      const count = changes(db, sql, ...values);
      if (count > 0) andThen?.();
      return count;
    });
    deleted += some;
    if (some === 0) return deleted;
  }
}

function changes(db: Database, sql: string, ...values: readonly SqlValue[]): number {
  return Number(db.prepare(sql).run(...values).changes);
}

function pragma(db: Database, name: string): number {
  return numberOf(db, `PRAGMA ${name}`) ?? 0;
}
