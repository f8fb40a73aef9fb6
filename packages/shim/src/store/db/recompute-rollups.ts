import { KNOW_MORE } from './minutes.ts';
import {
  BucketSet,
  bucketStart,
  DAY,
  HOUR,
  addSums,
  noSums,
  RollupTable,
  sumsOf,
  type Bucket,
  type CostOf,
  type RollupSums,
} from './rollup-sums.ts';
import { amountSql, sampleOf } from './sample.ts';
import { LAST_TS, SAMPLES_COVER_FROM_TS } from './schema.ts';
import { inTransaction, numberOf, type Database } from './sqlite.ts';

export interface RecomputeOptions {
  readonly fullyCoveredFromTs: number;
  /** Without prices a row keeps the cost it has. */
  readonly costOf?: CostOf;
  /**
   * True: samples may be missing, so a row is replaced only when as many or more samples are found than it has counted,
   * and the retention edge does not matter. For a database put together again from what could be read.
   */
  readonly neverShrink?: boolean;
  /** Minutes well after it are not made: the clock was ahead, and what it put there counts in the present by now. */
  readonly nowTs?: number;
}

export interface Recomputed {
  readonly hours: number;
  readonly days: number;
}

/**
 * Makes hour and day rows anew from samples, where samples still cover the whole hour or day. Rows of other buckets are
 * left alone: made from the samples left of them they would shrink.
 */
export function recomputeRollups(db: Database, options: RecomputeOptions): Recomputed {
  const steps = recomputeSteps(db, options);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** The same in transactions of one hour each, so that others can write in between. */
export function* recomputeSteps(db: Database, options: RecomputeOptions): Generator<void, Recomputed> {
  const edge = options.neverShrink === true ? -Infinity : (samplesCoverFrom(db) ?? -Infinity);
  const fromTs = Math.max(options.fullyCoveredFromTs, edge);
  const hourTable = new RollupTable(db, HOUR);
  const dayTable = new RollupTable(db, DAY);
  const days = new Set<number>();
  let hours = 0;
  let start = firstWhole(HOUR.lengthS, fromTs);
  for (;;) {
    const next = numberOf(db, 'SELECT min(ts) FROM usage_sample WHERE ts >= ?', Math.max(start, 0));
    if (next === null || next > LAST_TS) break;
    const hour = bucketStart(HOUR, next);
    hours += inTransaction(db, () => {
      if (options.neverShrink === true) raiseMinutes(db, hour, options.nowTs ?? LAST_TS);
      return replace(hourTable, hourFromSamples(db, hour, options.costOf), options);
    });
    days.add(bucketStart(DAY, hour));
    start = hour + HOUR.lengthS;
    yield;
  }
  let madeDays = 0;
  for (const day of days) {
    if (day < fromTs) continue;
    madeDays += inTransaction(db, () => replace(dayTable, dayFromHours(db, day), options));
    yield;
  }
  return { hours, days: madeDays };
}

export function samplesCoverFrom(db: Database): number | null {
  const value = db.prepare('SELECT json FROM state WHERE name = ?').get(SAMPLES_COVER_FROM_TS)?.['json'];
  const ts = typeof value === 'string' ? Number(value) : NaN;
  return Number.isFinite(ts) ? ts : null;
}

/** Only ever moves forward. */
export function setSamplesCoverFrom(db: Database, ts: number): void {
  if (ts <= (samplesCoverFrom(db) ?? -Infinity)) return;
  db.prepare('INSERT OR REPLACE INTO state (name, json, updated_ts) VALUES (?, ?, ?)').run(
    SAMPLES_COVER_FROM_TS,
    String(ts),
    ts,
  );
}

function firstWhole(lengthS: number, ts: number): number {
  return Number.isFinite(ts) ? Math.ceil(ts / lengthS) * lengthS : 0;
}

function hourFromSamples(db: Database, hour: number, costOf: CostOf | undefined): Iterable<Bucket> {
  const set = new BucketSet(HOUR);
  const rows = db
    .prepare('SELECT * FROM usage_sample WHERE ts >= ? AND ts < ? ORDER BY ts, rid')
    .all(hour, hour + HOUR.lengthS);
  for (const row of rows) {
    const sample = sampleOf(row);
    set.add(sample, costOf?.(sample) ?? null);
  }
  return set.all();
}

/** A day is the sum of its hours, which have just been made. */
function dayFromHours(db: Database, day: number): Iterable<Bucket> {
  const sums = new Map<string, RollupSums>();
  const rows = db
    .prepare(
      'SELECT * FROM usage_rollup_hour WHERE window_start >= ? AND window_start < ? ORDER BY window_start, model',
    )
    .all(day, day + DAY.lengthS);
  for (const row of rows) {
    const model = String(row['model']);
    let one = sums.get(model);
    if (one === undefined) sums.set(model, (one = noSums()));
    addSums(one, sumsOf(row));
  }
  return [...sums].map(([model, one]) => ({ start: day, model, sums: one }));
}

function replace(table: RollupTable, buckets: Iterable<Bucket>, { costOf, neverShrink }: RecomputeOptions): number {
  let made = 0;
  for (const { start, model, sums } of buckets) {
    const known = table.get(start, model);
    if (neverShrink === true && known !== null && known.count > sums.count) continue;
    // An hour without prices keeps its cost; a day has what its hours have.
    if (costOf === undefined && sums.costUsd === null) sums.costUsd = known?.costUsd ?? null;
    table.put({ start, model, sums });
    made += 1;
  }
  return made;
}

/** The same for the minutes of quotas; what counts there: see `minuteOf`. */
function raiseMinutes(db: Database, hour: number, nowTs: number): void {
  const endTs = Math.min(hour + HOUR.lengthS, (Math.floor(nowTs / 60) + 2) * 60);
  db.prepare(
    `INSERT INTO ledger_minute
       SELECT coalesce(lane, ''), coalesce(model, ''), CAST(ts / 60 AS INTEGER), min(ts),
         total(${amountSql('input_tokens')}), total(${amountSql('output_tokens')}),
         total(${amountSql('cache_write_tokens')}), total(${amountSql('cache_read_tokens')}),
         total(${amountSql('dirty_s')}), count(*)
       FROM usage_sample WHERE ts >= ? AND ts < ? AND (status BETWEEN 100 AND 399
         OR coalesce(usage_known, coalesce(input_tokens, 0) + coalesce(output_tokens, 0) > 0))
       GROUP BY 1, 2, 3
     ${KNOW_MORE}`,
  ).run(hour, endTs);
}
