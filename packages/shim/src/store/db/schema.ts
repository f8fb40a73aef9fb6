import { amountSql } from './sample.ts';
import { inTransaction, numberOf, type Database } from './sqlite.ts';

/** "CCP1": marks the file as ours for `file` and for whoever opens the wrong one. */
export const APPLICATION_ID = 0x43435031;

/** The database was made by a newer program: reading it by old rules could spoil it. */
export class NewerDatabaseError extends Error {
  override readonly name = 'NewerDatabaseError';
  readonly code = 'NEWER_DATABASE';
}

/** The file is a database of another program. */
export class ForeignDatabaseError extends Error {
  override readonly name = 'ForeignDatabaseError';
  readonly code = 'FOREIGN_DATABASE';
}

/**
 * State that holds the retention edge: every sample at or after it is still there. Sums of earlier hours and days can't
 * be made anew.
 */
export const SAMPLES_COVER_FROM_TS = 'samples_cover_from_ts';

/** No clock is there yet; a row from beyond it is garbage. */
export const LAST_TS = 1e11;

type Columns = Readonly<Record<string, string>>;

/**
 * Columns per table. The first three tables and the columns before the gap are those of the original program, whose
 * files open as they are: missing columns are added, rows stay.
 */
const USAGE_SAMPLE: Columns = {
  ts: 'REAL NOT NULL',
  rid: 'TEXT NOT NULL',
  model: 'TEXT',
  lane: 'TEXT',
  op: 'TEXT',
  input_tokens: 'INTEGER',
  output_tokens: 'INTEGER',
  dirty_s: 'REAL',
  stream_s: 'REAL',
  ttft_ms: 'INTEGER',
  status: 'INTEGER',
  err_type: 'TEXT',
  decision: 'TEXT',
  reroute_mode: 'TEXT',
  warn_pct_auto: 'REAL',
  gap_seconds_p50: 'REAL',
  gap_seconds_p95: 'REAL',
  gap_samples: 'INTEGER',
  upstream: 'TEXT',
  h2: 'INTEGER',
  header_mode: 'TEXT',

  epoch: 'TEXT',
  cache_write_tokens: 'INTEGER',
  cache_read_tokens: 'INTEGER',
  usage_known: 'INTEGER',
  ended: 'TEXT',
  request_id: 'TEXT',
  session_id: 'TEXT',
  agent_id: 'TEXT',

  decision_form: 'TEXT',
  decided_rolling: 'INTEGER',
  decided_weekly: 'INTEGER',
  decided_pending: 'INTEGER',
  decided_need: 'INTEGER',
};

const SUMS: Columns = {
  model: 'TEXT',
  in_tokens: 'INTEGER',
  out_tokens: 'INTEGER',
  dirty_s: 'REAL',
  stream_s: 'REAL',
  count: 'INTEGER',
};

const ADDED_SUMS: Columns = {
  cache_write_tokens: 'INTEGER',
  cache_read_tokens: 'INTEGER',
  cost_usd: 'REAL',
  // JSON of a Sketch, so that rows can be added up.
  ttft_sketch: 'TEXT',
};

const PERCENTILES: Columns = { p50_ttft: 'REAL', p90_ttft: 'REAL', p99_ttft: 'REAL' };

const ORIGINAL_TABLES: readonly { readonly name: string; readonly columns: Columns; readonly key: string }[] = [
  { name: 'usage_sample', columns: USAGE_SAMPLE, key: 'PRIMARY KEY (ts, rid)' },
  {
    name: 'usage_rollup_hour',
    columns: { window_start: 'REAL', ...SUMS, ...PERCENTILES, ...ADDED_SUMS },
    key: 'UNIQUE (window_start, model)',
  },
  {
    name: 'usage_rollup_day',
    // UTC, YYYY-MM-DD.
    columns: { date: 'TEXT', ...SUMS, ...PERCENTILES, ...ADDED_SUMS },
    key: 'UNIQUE (date, model)',
  },
];

const OWN_TABLES = [
  // What quotas are rebuilt from.
  `CREATE TABLE IF NOT EXISTS ledger_minute (lane TEXT NOT NULL, model TEXT NOT NULL, minute INTEGER NOT NULL,
     first_ts REAL, input INTEGER, output INTEGER, cache_write INTEGER, cache_read INTEGER, dirty_s REAL, count INTEGER,
     PRIMARY KEY (lane, model, minute)) WITHOUT ROWID`,
  // Without an index: it would be written at random places, for the few who ever ask. `json` stands last, so that who
  // looks for a rid reads no more of it than its page.
  `CREATE TABLE IF NOT EXISTS decision (ts REAL, rid TEXT, json TEXT)`,
  `CREATE TABLE IF NOT EXISTS config_version (id TEXT PRIMARY KEY, ts REAL, json TEXT)`,
  `CREATE TABLE IF NOT EXISTS session (epoch TEXT PRIMARY KEY, started_ts REAL, ended_ts REAL, clean INTEGER,
     version TEXT)`,
  `CREATE TABLE IF NOT EXISTS state (name TEXT PRIMARY KEY, json TEXT, updated_ts REAL)`,
  `CREATE INDEX IF NOT EXISTS sample_model_ts ON usage_sample(model, ts)`,
];

/** Every table, what matters most first: the order in which a damaged file is read. */
export const TABLES = [
  'state',
  'session',
  'ledger_minute',
  'usage_rollup_hour',
  'usage_rollup_day',
  'config_version',
  'usage_sample',
  'decision',
] as const;

/** Step n makes a database of version n from one of version n − 1. Steps are only ever added. */
const STEPS: readonly ((db: Database) => void)[] = [
  (db) => {
    ensureTables(db);
    fillLedgerFromSamples(db);
    markCover(db);
  },
];

export const SCHEMA_VERSION = STEPS.length;

/**
 * Brings a database to the present version.
 *
 * @returns the version it had: 0 for a new file and for one of the original program
 */
export function migrate(db: Database): number {
  refuseOthers(db);
  const version = versionOf(db);
  for (let step = version; step < SCHEMA_VERSION; step += 1) {
    inTransaction(db, () => {
      // Another process may have been faster.
      if (versionOf(db) > step) return;
      STEPS[step]?.(db);
      db.exec(`PRAGMA user_version = ${step + 1}`);
      db.exec(`PRAGMA application_id = ${APPLICATION_ID}`);
    });
  }
  // A table or a column somebody dropped comes back empty: otherwise nothing could be written ever after.
  if (version === SCHEMA_VERSION && isIncomplete(db)) inTransaction(db, () => ensureTables(db));
  return version;
}

/** Throws when the file is not for this program. Changes nothing. */
export function refuseOthers(db: Database): void {
  const application = numberOf(db, 'PRAGMA application_id') ?? 0;
  if (application !== 0 && application !== APPLICATION_ID)
    throw new ForeignDatabaseError(`${db.path} is a database of another program. Name another path.`);
  const version = versionOf(db);
  if (version > SCHEMA_VERSION) throw new NewerDatabaseError(newer(db, version));
}

function versionOf(db: Database): number {
  return numberOf(db, 'PRAGMA user_version') ?? 0;
}

export function columnsOf(db: Database, table: string): string[] {
  return db
    .prepare(`PRAGMA table_info(${table})`)
    .all()
    .map((row) => String(row['name']));
}

function ensureTables(db: Database): void {
  for (const { name, columns, key } of ORIGINAL_TABLES) {
    const list = Object.entries(columns).map(([column, type]) => `${column} ${type}`);
    db.exec(`CREATE TABLE IF NOT EXISTS ${name} (${list.join(', ')}, ${key})`);
    const present = new Set(columnsOf(db, name));
    for (const [column, type] of Object.entries(columns)) {
      if (!present.has(column)) db.exec(`ALTER TABLE ${name} ADD COLUMN ${column} ${type}`);
    }
  }
  for (const sql of OWN_TABLES) db.exec(sql);
}

function isIncomplete(db: Database): boolean {
  return (
    TABLES.some((table) => columnsOf(db, table).length === 0) ||
    ORIGINAL_TABLES.some(({ name, columns }) => columnsOf(db, name).length < Object.keys(columns).length)
  );
}

/** The original program kept quotas in samples: who comes from there keeps the week. */
function fillLedgerFromSamples(db: Database): void {
  db.exec(`INSERT OR IGNORE INTO ledger_minute
    SELECT coalesce(lane, ''), coalesce(model, ''), CAST(ts / 60 AS INTEGER), min(ts),
      total(${amountSql('input_tokens')}), total(${amountSql('output_tokens')}), 0, 0, total(${amountSql('dirty_s')}),
      count(*)
    FROM usage_sample WHERE coalesce(input_tokens, 0) + coalesce(output_tokens, 0) > 0 OR status BETWEEN 100 AND 399
    GROUP BY 1, 2, 3`);
}

/** The original program deleted samples by age and said so nowhere: what it still has begins with the oldest. */
function markCover(db: Database): void {
  db.exec(`INSERT OR IGNORE INTO state SELECT '${SAMPLES_COVER_FROM_TS}', CAST(min(ts) AS TEXT), min(ts)
    FROM usage_sample HAVING min(ts) IS NOT NULL`);
}

function newer(db: Database, version: number): string {
  let writer: unknown;
  try {
    writer = db.prepare('SELECT version FROM session ORDER BY started_ts DESC LIMIT 1').get()?.['version'];
  } catch {
    // Its newer form may have no such table.
  }
  const use = typeof writer === 'string' ? `version ${writer} of this program or a later one` : 'a later version';
  return `${db.path} has format ${version}; this program knows formats up to ${SCHEMA_VERSION}. Use ${use}, or name another path.`;
}
