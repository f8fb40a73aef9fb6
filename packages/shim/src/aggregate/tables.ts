/** "CCPA": marks the file as an aggregator's. */
export const APPLICATION_ID = 0x43435041;

export const TABLES_VERSION = 1;

/**
 * Events keep their row when their content is forgotten: otherwise an event that is told again would count again. Numbers
 * of a stream are kept as ranges, one row for a stream that misses nothing.
 */
export const TABLES = `
CREATE TABLE IF NOT EXISTS stream (n INTEGER PRIMARY KEY, org TEXT NOT NULL, name TEXT NOT NULL, UNIQUE (org, name));
CREATE TABLE IF NOT EXISTS stream_range (stream INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
  PRIMARY KEY (stream, first)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS event (n INTEGER PRIMARY KEY, org INTEGER NOT NULL, stream INTEGER NOT NULL,
  seq INTEGER NOT NULL, id TEXT NOT NULL, kind TEXT NOT NULL, session TEXT NOT NULL, received_ts REAL NOT NULL,
  expires_ts REAL, json TEXT);
CREATE UNIQUE INDEX IF NOT EXISTS event_id ON event (org, id);
CREATE INDEX IF NOT EXISTS event_stream ON event (stream, seq);
CREATE INDEX IF NOT EXISTS event_session ON event (org, session) WHERE session <> '';
CREATE INDEX IF NOT EXISTS event_expires ON event (expires_ts) WHERE expires_ts IS NOT NULL;
CREATE TABLE IF NOT EXISTS sum_hour (org INTEGER NOT NULL, hour INTEGER NOT NULL, model TEXT NOT NULL,
  turns INTEGER NOT NULL, input_tokens INTEGER NOT NULL, output_tokens INTEGER NOT NULL,
  cache_write_tokens INTEGER NOT NULL, cache_read_tokens INTEGER NOT NULL, dirty_s REAL NOT NULL, stream_s REAL NOT NULL,
  features REAL NOT NULL, cost_usd REAL, PRIMARY KEY (org, hour, model)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS summary (n INTEGER PRIMARY KEY, org INTEGER NOT NULL, stream INTEGER NOT NULL,
  seq INTEGER NOT NULL, id TEXT NOT NULL, tier TEXT NOT NULL, community INTEGER NOT NULL, generated_ts REAL,
  received_ts REAL NOT NULL, json TEXT NOT NULL);
CREATE UNIQUE INDEX IF NOT EXISTS summary_id ON summary (org, id);
CREATE TABLE IF NOT EXISTS org (n INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS published_week (week TEXT PRIMARY KEY, json TEXT NOT NULL) WITHOUT ROWID;
`;
