import type { RollupRow } from '@ccp/contracts';
import { wholeDecision, withoutForm } from '../decision-form.ts';
import { readMinutes } from './minutes.ts';
import { bucketStart, HOUR, DAY, rollupRowOf, sumsOf, ttftOfRow, type Granularity } from './rollup-sums.ts';
import { amount, DECIDED_COLUMNS, FORM_COLUMN, isAmount, sampleOf, type MinuteDelta, type Sample } from './sample.ts';
import { columnsOf, LAST_TS } from './schema.ts';
import { numberOf, type Database, type SqlRow, type SqlValue } from './sqlite.ts';
import { sqliteFailure } from './sqlite-failure.ts';

/** Where a page ended: the next one begins behind it. */
export interface SamplePosition {
  readonly ts: number;
  readonly rid: string;
}

export interface SampleQuery {
  readonly sinceTs: number;
  readonly model: string | null;
  readonly limit: number;
  readonly after: SamplePosition | null;
  readonly lane?: string | null;
  /** Also rows before `sinceTs` that were written after this one, see {@link newestRow}; null: none. */
  readonly writtenAfter?: number | null;
}

export interface RollupPosition {
  /** Epoch seconds. */
  readonly windowStart: number;
  readonly model: string;
}

export interface RollupQuery {
  readonly granularity: 'hour' | 'day';
  readonly sinceTs: number;
  readonly model: string | null;
  readonly limit: number;
  readonly after: RollupPosition | null;
}

export interface ModelRollup {
  readonly model: string;
  readonly row: RollupRow;
}

export interface SessionRow {
  readonly epoch: string;
  readonly startedTs: number;
  /** Of one that never said goodbye: when its last sample ended. Null: it left none. */
  readonly endedTs: number | null;
  readonly clean: boolean;
}

export interface Loaded {
  readonly minutes: readonly MinuteDelta[];
  readonly states: ReadonlyMap<string, unknown>;
  readonly lastSession: SessionRow | null;
  /** What could not be read, in words. */
  readonly problems: readonly string[];
}

export interface DecisionRow {
  readonly rid: string;
  readonly ts: number;
  readonly json: string;
}

export interface ConfigVersionRow {
  readonly id: string;
  readonly ts: number;
  readonly json: string;
}

/**
 * What a start needs. `ownEpoch` is the session under way, if it has been announced. Each part that can't be read is
 * named and left out; damage to the file itself is thrown.
 */
export function loadStart(db: Database, sinceTs: number, ownEpoch: string): Loaded {
  const problems: string[] = [];
  const part = <T>(what: string, read: () => T, without: T): T => {
    try {
      return read();
    } catch (error) {
      const { kind, code, message } = sqliteFailure(error);
      if (kind === 'corrupt' || kind === 'busy') throw error;
      problems.push(`${what} in ${db.path} can't be read: ${code}: ${message}`);
      return without;
    }
  };
  const states = part('state', () => readStates(db, problems), new Map<string, unknown>());
  const lastSession = part('session', () => readLastSession(db, ownEpoch), null);
  const minutes = part('ledger_minute', () => readMinutes(db, Math.floor(sinceTs / 60), problems), []);
  return { minutes, states, lastSession, problems };
}

function readStates(db: Database, problems: string[]): Map<string, unknown> {
  const states = new Map<string, unknown>();
  for (const row of db.prepare('SELECT name, json FROM state').all()) {
    const name = String(row['name']);
    try {
      states.set(name, JSON.parse(String(row['json'])));
    } catch {
      problems.push(`state "${name}" in ${db.path} is no JSON and was left out`);
    }
  }
  return states;
}

function readLastSession(db: Database, ownEpoch: string): SessionRow | null {
  const row = db.prepare('SELECT * FROM session WHERE epoch <> ? ORDER BY started_ts DESC LIMIT 1').get(ownEpoch);
  if (row === undefined) return null;
  const epoch = String(row['epoch']);
  const startedTs = Number(row['started_ts']);
  const endedTs = isAmount(row['ended_ts']) ? row['ended_ts'] : lastSampleTs(db, epoch, startedTs);
  return { epoch, startedTs, endedTs, clean: row['clean'] === 1 };
}

/** Looked for from the newest sample backwards, past those of the session that came next. */
function lastSampleTs(db: Database, epoch: string, startedTs: number): number | null {
  const nextTs = numberOf(db, 'SELECT min(started_ts) FROM session WHERE started_ts > ?', startedTs) ?? LAST_TS;
  const sql = 'SELECT ts FROM usage_sample WHERE ts >= ? AND ts <= ? AND epoch = ? ORDER BY ts DESC LIMIT 1';
  return numberOf(db, sql, startedTs, nextTs, epoch);
}

/** Ordered by `ts`, then `rid`; with `after` no row comes twice and none is left out. */
export function readSamples(db: Database, query: SampleQuery): Sample[] {
  const { sinceTs, model, limit, after, lane = null, writtenAfter = null } = query;
  if (writtenAfter !== null) return readLateSamples(db, { ...query, writtenAfter });
  const values: SqlValue[] = [Math.max(sinceTs, after?.ts ?? sinceTs), LAST_TS];
  let where = 'ts >= ? AND ts < ?';
  const and = (condition: string, ...more: readonly SqlValue[]): void => {
    where += ` AND ${condition}`;
    values.push(...more);
  };
  if (after !== null && after.ts >= sinceTs) and('(ts > ? OR rid > ?)', after.ts, after.rid);
  if (model !== null) and('model = ?', model);
  if (lane !== null) and('lane = ?', lane);
  return db
    .prepare(`SELECT * FROM usage_sample WHERE ${where} ORDER BY ts, rid LIMIT ?`)
    .all(...values, limit)
    .map(sampleOf);
}

/** The row that was written last; 0: there is none. Rows are numbered as they are written, whatever the clock said. */
export function newestRow(db: Database): number {
  return numberOf(db, 'SELECT max(rowid) FROM usage_sample') ?? 0;
}

/**
 * A clock that was set back has put rows behind those that were read before. They come first, for they are the oldest; a
 * page that does not fill up goes on with the others.
 */
function readLateSamples(db: Database, query: SampleQuery & { readonly writtenAfter: number }): Sample[] {
  const { sinceTs, model, limit, after, lane = null, writtenAfter } = query;
  // The pluses keep the index of times out: who looks often has few rows behind the one he knows.
  const late = db
    .prepare(
      `SELECT * FROM usage_sample WHERE rowid > ? AND +ts < ? AND (+ts > ? OR (+ts = ? AND rid > ?))
         AND (? IS NULL OR +model = ?) AND (? IS NULL OR lane = ?) ORDER BY +ts, rid LIMIT ?`,
    )
    .all(
      ...[writtenAfter, Math.min(sinceTs, LAST_TS), after?.ts ?? -1, after?.ts ?? -1, after?.rid ?? ''],
      ...[model, model, lane, lane, limit],
    )
    .map(sampleOf);
  const others = limit - late.length;
  return others > 0 ? [...late, ...readSamples(db, { ...query, limit: others, writtenAfter: null })] : late;
}

/** All of them by time; between two pages others may write. */
export function* samplesInPages(read: (query: SampleQuery) => Sample[], sinceTs: number): Generator<Sample> {
  let after: SamplePosition | null = null;
  for (;;) {
    const page: Sample[] = read({ sinceTs, model: null, limit: PAGE_ROWS, after });
    yield* page;
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE_ROWS) return;
    after = { ts: last.ts, rid: last.rid };
  }
}

/** A millisecond or two of the event loop. */
const PAGE_ROWS = 200;

/** Rows by time, then model. An hour or a day belongs to the answer when `sinceTs` lies in it. */
export function readRollups(db: Database, query: RollupQuery): ModelRollup[] {
  const { sinceTs, model, limit, after } = query;
  const granularity = query.granularity === 'hour' ? HOUR : DAY;
  const { table, keyColumn } = granularity;
  const from = bucketStart(granularity, sinceTs);
  const values: SqlValue[] = [granularity.keyOf(Math.max(from, after?.windowStart ?? from))];
  let where = `${keyColumn} >= ?`;
  if (after !== null && after.windowStart >= from) {
    where += ` AND (${keyColumn} > ? OR model > ?)`;
    values.push(granularity.keyOf(after.windowStart), after.model);
  }
  if (model !== null) {
    where += ' AND model = ?';
    values.push(model);
  }
  return db
    .prepare(`SELECT * FROM ${table} WHERE ${where} ORDER BY ${keyColumn}, model LIMIT ?`)
    .all(...values, limit)
    .map((row) => modelRollup(granularity, row));
}

/**
 * Newest first. Of two records of one turn the one written last. There is no index of ids: it looks through all decisions
 * that are kept whole, and through the key of all samples.
 */
export function readDecisions(db: Database, ridPrefix: string): DecisionRow[] {
  const range = [ridPrefix, `${ridPrefix}\u{10ffff}`] as const;
  const whole = db
    .prepare(
      `SELECT rid, ts, json FROM decision WHERE rowid IN
         (SELECT max(rowid) FROM decision WHERE rid >= ? AND rid < ? GROUP BY rid, ts ORDER BY ts DESC LIMIT ?)
       ORDER BY ts DESC, rowid DESC`,
    )
    .all(...range, MOST_DECISIONS)
    .map((row) => ({ rid: String(row['rid']), ts: Number(row['ts']), json: String(row['json']) }));
  // A file that an older program made, and nobody but it has written to.
  if (!columnsOf(db, 'usage_sample').includes(FORM_COLUMN)) return whole;
  const formed = db
    .prepare(
      `SELECT rid, ts, ${FORM_COLUMN}, ${DECIDED_COLUMNS.join(', ')} FROM usage_sample
       WHERE rid >= ? AND rid < ? AND ${FORM_COLUMN} IS NOT NULL ORDER BY ts DESC LIMIT ?`,
    )
    .all(...range, MOST_DECISIONS)
    .map((row) => wholeRow(db, row));
  return [...whole, ...formed].toSorted((a, b) => b.ts - a.ts).slice(0, MOST_DECISIONS);
}

function wholeRow(db: Database, row: SqlRow): DecisionRow {
  const rid = String(row['rid']);
  const ts = Number(row['ts']);
  const id = String(row[FORM_COLUMN]);
  const [rollingUsed = 0, weeklyUsed = 0, pending = 0, need = 0] = DECIDED_COLUMNS.map((name) => amount(row[name]));
  const form = readConfigVersion(db, id);
  try {
    const json = form === null ? null : wholeDecision(form.json, { rollingUsed, weeklyUsed, pending, need }, rid, ts);
    return { rid, ts, json: json ?? withoutForm(id) };
  } catch {
    return { rid, ts, json: withoutForm(id) };
  }
}

export function readConfigVersion(db: Database, id: string): ConfigVersionRow | null {
  const row = db.prepare('SELECT id, ts, json FROM config_version WHERE id = ?').get(id);
  return row === undefined ? null : { id: String(row['id']), ts: Number(row['ts']), json: String(row['json']) };
}

const MOST_DECISIONS = 100;

function modelRollup(granularity: Granularity, row: SqlRow): ModelRollup {
  const start = granularity.startOf(row[granularity.keyColumn]);
  const model = typeof row['model'] === 'string' ? row['model'] : '';
  return { model, row: rollupRowOf(start, sumsOf(row), ttftOfRow(row)) };
}
