import { bucketStart, HOUR, DAY, rollupRowOf, sumsOf, type Granularity } from './rollup-sums.ts';
import type { RollupRow } from '@ccp/contracts';
import { sampleOf, type MinuteDelta, type Sample } from './sample.ts';
import type { Database, SqlRow, SqlValue } from './sqlite.ts';

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
  /** Null: it never said goodbye. */
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

/** What a start needs. `ownEpoch` is the session under way, if it has been announced. */
export function loadStart(db: Database, sinceTs: number, ownEpoch: string): Loaded {
  const problems: string[] = [];
  const states = new Map<string, unknown>();
  for (const row of db.prepare('SELECT name, json FROM state').all()) {
    const name = String(row['name']);
    try {
      states.set(name, JSON.parse(String(row['json'])));
    } catch {
      problems.push(`state "${name}" in ${db.path} is no JSON and was left out`);
    }
  }
  const minutes = readMinutes(db, Math.floor(sinceTs / 60));
  const session = db.prepare('SELECT * FROM session WHERE epoch <> ? ORDER BY started_ts DESC LIMIT 1').get(ownEpoch);
  return { minutes, states, lastSession: session === undefined ? null : sessionRow(session), problems };
}

/**
 * One row of text per series: half a million minutes as rows of their own would take ten times as long, most of it for
 * carrying each value over into JavaScript.
 */
function readMinutes(db: Database, fromMinute: number): MinuteDelta[] {
  const values = `'%d,%!.17g,%d,%d,%d,%d,%!.17g,%d', minute, first_ts, input, output, cache_write, cache_read, dirty_s, count`;
  const series = db.prepare(
    `SELECT lane, model, group_concat(printf(${values})) AS numbers FROM ledger_minute WHERE minute >= ?
     GROUP BY lane, model`,
  );
  const minutes: MinuteDelta[] = [];
  for (const row of series.all(fromMinute)) {
    const lane = String(row['lane']);
    const model = String(row['model']);
    const numbers = JSON.parse(`[${String(row['numbers'])}]`) as number[];
    const value = (at: number): number => numbers[at] ?? 0;
    for (let at = 0; at < numbers.length; at += NUMBERS_PER_MINUTE) {
      minutes.push({
        lane,
        model,
        minute: value(at),
        firstTs: value(at + 1),
        input: value(at + 2),
        output: value(at + 3),
        cacheWrite: value(at + 4),
        cacheRead: value(at + 5),
        dirtyS: value(at + 6),
        count: value(at + 7),
      });
    }
  }
  return minutes;
}

const NUMBERS_PER_MINUTE = 8;

/** Ordered by `ts`, then `rid`; with `after` no row comes twice and none is left out. */
export function readSamples(db: Database, query: SampleQuery): Sample[] {
  const { sinceTs, model, limit, after, lane = null } = query;
  const values: SqlValue[] = [Math.max(sinceTs, after?.ts ?? sinceTs)];
  let where = 'ts >= ?';
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

const PAGE_ROWS = 1_000;

/** Rows by time, then model. A day belongs to the answer when `sinceTs` lies in it. */
export function readRollups(db: Database, query: RollupQuery): ModelRollup[] {
  const { sinceTs, model, limit, after } = query;
  const granularity = query.granularity === 'hour' ? HOUR : DAY;
  const { table, keyColumn } = granularity;
  const from = granularity === DAY ? bucketStart(DAY, sinceTs) : sinceTs;
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

/** Newest first. */
export function readDecisions(db: Database, ridPrefix: string): DecisionRow[] {
  return db
    .prepare('SELECT rid, ts, json FROM decision WHERE rid >= ? AND rid < ? ORDER BY ts DESC LIMIT ?')
    .all(ridPrefix, `${ridPrefix}\u{10ffff}`, MOST_DECISIONS)
    .map((row) => ({ rid: String(row['rid']), ts: Number(row['ts']), json: String(row['json']) }));
}

export function readConfigVersion(db: Database, id: string): ConfigVersionRow | null {
  const row = db.prepare('SELECT id, ts, json FROM config_version WHERE id = ?').get(id);
  return row === undefined ? null : { id: String(row['id']), ts: Number(row['ts']), json: String(row['json']) };
}

const MOST_DECISIONS = 100;

function modelRollup(granularity: Granularity, row: SqlRow): ModelRollup {
  const number = (name: string): number | null => (typeof row[name] === 'number' ? row[name] : null);
  const ttft = { p50: number('p50_ttft'), p90: number('p90_ttft'), p99: number('p99_ttft') };
  const start = granularity.startOf(row[granularity.keyColumn]);
  return { model: typeof row['model'] === 'string' ? row['model'] : '', row: rollupRowOf(start, sumsOf(row), ttft) };
}

export function minuteRow(row: SqlRow): MinuteDelta {
  return {
    lane: String(row['lane']),
    model: String(row['model']),
    minute: Number(row['minute']),
    firstTs: Number(row['first_ts']),
    input: Number(row['input']),
    output: Number(row['output']),
    cacheWrite: Number(row['cache_write']),
    cacheRead: Number(row['cache_read']),
    dirtyS: Number(row['dirty_s']),
    count: Number(row['count']),
  };
}

function sessionRow(row: SqlRow): SessionRow {
  return {
    epoch: String(row['epoch']),
    startedTs: Number(row['started_ts']),
    endedTs: typeof row['ended_ts'] === 'number' ? row['ended_ts'] : null,
    clean: row['clean'] === 1,
  };
}
