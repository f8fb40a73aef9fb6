import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { migrate, NewerDatabaseError, ForeignDatabaseError, SCHEMA_VERSION } from './schema.ts';
import { numberOf, openDatabase } from './sqlite.ts';
import { UsageStore } from './usage-store.ts';

const NOON = Date.UTC(2026, 0, 14, 12) / 1000;
let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'shim-schema-'));
  path = join(folder, 'ccp.sqlite3');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A file as the original program leaves it: an hour row that shrank, samples that begin in the middle of an hour. */
function makeOriginal(): void {
  const db = openDatabase(path);
  db.exec(`
    CREATE TABLE usage_sample (ts REAL NOT NULL, rid TEXT NOT NULL, model TEXT, lane TEXT, op TEXT,
      input_tokens INTEGER, output_tokens INTEGER, dirty_s REAL, stream_s REAL, ttft_ms INTEGER, status INTEGER,
      err_type TEXT, decision TEXT, reroute_mode TEXT, warn_pct_auto REAL, gap_seconds_p50 REAL, gap_seconds_p95 REAL,
      gap_samples INTEGER, upstream TEXT, h2 INTEGER, header_mode TEXT, PRIMARY KEY (ts, rid));
    CREATE INDEX sample_model_ts ON usage_sample(model, ts);
    CREATE TABLE usage_rollup_hour (window_start REAL, model TEXT, in_tokens INTEGER, out_tokens INTEGER, dirty_s REAL,
      stream_s REAL, count INTEGER, p50_ttft REAL, p90_ttft REAL, p99_ttft REAL, UNIQUE(window_start, model));
    CREATE TABLE usage_rollup_day (date TEXT, model TEXT, in_tokens INTEGER, out_tokens INTEGER, dirty_s REAL,
      stream_s REAL, count INTEGER, UNIQUE(date, model));
    INSERT INTO usage_rollup_hour VALUES (${NOON - 3_600}, 'm', 999, 999, 9, 9, 60, 5, 6, 7);
    INSERT INTO usage_rollup_hour VALUES (${NOON}, 'm', 10, 10, 1, 1, 1, 5, 6, 7);
    INSERT INTO usage_rollup_day VALUES ('2026-01-14', 'm', 1009, 1009, 10, 10, 61);
  `);
  const insert = db.prepare(
    `INSERT INTO usage_sample (ts, rid, model, lane, op, input_tokens, output_tokens, dirty_s, stream_s, ttft_ms, status,
      err_type, h2) VALUES (?, ?, 'm', 'a', ?, 10, 20, 4, ?, ?, ?, ?, 1)`,
  );
  insert.run(NOON - 60, 'r0', 'stream', 2, 800, 200, '');
  insert.run(NOON + 1, 'r1', 'stream', 2, 800, 200, '');
  insert.run(NOON + 2, 'r2', 'nonstream', 0, 0, 200, '');
  insert.run(NOON + 3, 'r3', 'stream', 2, 900, 200, 'stream_error');
  db.close();
}

describe('a database of the original program', () => {
  it('opens with all its rows, and what they lack is said and not invented', () => {
    makeOriginal();
    const store = new UsageStore({ path, nowTs: () => NOON + 10 });
    try {
      expect(store.status()).toMatchObject({ ok: true, error: null });
      const samples = store.samples({ sinceTs: 0, model: 'm', limit: 10, after: null });
      expect(samples.map(({ rid, ttftMs, ended, streamS }) => [rid, ttftMs, ended, streamS])).toEqual([
        ['r0', 800, 'complete', 2],
        ['r1', 800, 'complete', 2],
        ['r2', null, 'complete', 4],
        ['r3', 900, 'error_in_stream', 2],
      ]);
      expect(samples[0]).toMatchObject({ epoch: '', usageKnown: true, cacheReadTokens: 0, sessionId: null, h2: true });
      const { minutes } = store.load(0);
      expect(minutes.reduce((sum, { input, count }) => sum + input * 100 + count, 0)).toBe(4_004);
    } finally {
      store.close();
    }
  });

  it('gets whole hours made anew, and keeps the rows its samples no longer cover', () => {
    makeOriginal();
    const store = new UsageStore({ path, nowTs: () => NOON + 10 });
    try {
      const rows = store.rollups({ granularity: 'hour', sinceTs: 0, model: null, limit: 10, after: null });
      expect(rows.map(({ row }) => [row.count, row.in_tokens, row.ttft_ms?.p50 === 5])).toEqual([
        [60, 999, true],
        [3, 30, false],
      ]);
      const days = store.rollups({ granularity: 'day', sinceTs: 0, model: null, limit: 10, after: null });
      expect(days.map(({ row }) => row.count)).toEqual([61]);
    } finally {
      store.close();
    }
  });

  it('is brought up to date once', () => {
    makeOriginal();
    const db = openDatabase(path);
    expect(migrate(db)).toBe(0);
    expect(migrate(db)).toBe(SCHEMA_VERSION);
    expect(numberOf(db, 'SELECT count(*) FROM usage_sample')).toBe(4);
    db.exec('DROP TABLE decision');
    migrate(db);
    expect(numberOf(db, 'SELECT count(*) FROM decision')).toBe(0);
    db.close();
  });
});

describe('a database that is not for this program', () => {
  it('is refused when a newer one made it, and the message says which to use', () => {
    const db = openDatabase(path);
    migrate(db);
    db.exec(`INSERT INTO session VALUES ('e', 1, NULL, 0, '9.8.7'); PRAGMA user_version = 99`);
    expect(() => migrate(db)).toThrow(NewerDatabaseError);
    expect(() => migrate(db)).toThrow('version 9.8.7');
    db.close();
    const store = new UsageStore({ path, nowTs: () => NOON });
    expect(store.status()).toMatchObject({ ok: false });
    expect(store.status().error).toContain('version 9.8.7');
    expect(store.load(0).problems.join()).toContain('9.8.7');
    store.close();
  });

  it('is left alone when another program made it', () => {
    const db = openDatabase(path);
    db.exec('PRAGMA application_id = 7; CREATE TABLE mine (x)');
    expect(() => migrate(db)).toThrow(ForeignDatabaseError);
    expect(numberOf(db, 'SELECT count(*) FROM sqlite_master')).toBe(1);
    db.exec('PRAGMA journal_mode = DELETE');
    db.close();
    const store = new UsageStore({ path, nowTs: () => NOON });
    expect(store.status().error).toContain('another program');
    store.close();
    const again = openDatabase(path, { readOnly: true });
    expect(again.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'delete' });
    again.close();
  });
});
