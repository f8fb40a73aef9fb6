import { createRequire } from 'node:module';

const { DatabaseSync } = createRequire(import.meta.url)('@photostructure/sqlite') as {
  DatabaseSync: new (path: string) => OpenDatabase;
};

export interface OpenDatabase {
  exec(sql: string): void;
  close(): void;
}

/**
 * Makes a database as the original program leaves it: a finished stream with the two lines its log had of it before, a
 * turn of GLM, sums of a day whose samples are deleted. Closed, unless `open`.
 */
export function originalDatabase(
  file: string,
  { open = false, sql = '' }: { readonly open?: boolean; readonly sql?: string } = {},
): OpenDatabase {
  const db = new DatabaseSync(file);
  db.exec(`PRAGMA journal_mode = WAL;
    CREATE TABLE usage_sample (ts REAL NOT NULL, rid TEXT NOT NULL, model TEXT, lane TEXT, op TEXT,
      input_tokens INTEGER, output_tokens INTEGER, dirty_s REAL, stream_s REAL, ttft_ms INTEGER, status INTEGER,
      err_type TEXT, decision TEXT, reroute_mode TEXT, warn_pct_auto REAL, gap_seconds_p50 REAL, gap_seconds_p95 REAL,
      gap_samples INTEGER, upstream TEXT, h2 INTEGER, header_mode TEXT, PRIMARY KEY (ts, rid));
    CREATE INDEX sample_model_ts ON usage_sample(model, ts);
    CREATE TABLE usage_rollup_day (date TEXT, model TEXT, in_tokens INTEGER, out_tokens INTEGER, dirty_s REAL,
      stream_s REAL, count INTEGER, UNIQUE(date, model));
    INSERT INTO usage_rollup_day VALUES ('2026-01-01', 'm', 5, 5, 1, 1, 3), ('2026-01-14', 'm', 5, 5, 1, 1, 2);
    INSERT INTO usage_sample (ts, rid, model, lane, op, input_tokens, output_tokens, dirty_s, stream_s, ttft_ms, status)
    VALUES (1768392000.25, '00000001', 'claude-sonnet-4-5', 'anthropic', 'stream', 0, 0, 0, 0, 0, -1),
      (1768392000.5, '00000001', 'claude-sonnet-4-5', 'anthropic', 'stream', 0, 0, 0.25, 0, 0, 200),
      (1768392004, '00000001', 'claude-sonnet-4-5', 'anthropic', 'stream', 1200, 340, 4, 3.5, 480, 200),
      (1768399999.125, '0000abcd', 'glm-4.6', 'zai', 'stream', 5, 6, 1, 1, 100, 200);
    ${sql}`);
  if (open) return db;
  // The packaged engine closes the file when its statements are collected.
  db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  db.close();
  return db;
}
