import type { RollupRow } from '@ccp/contracts';
import { Sketch } from '../../sketch.ts';
import type { KeptRow, KeptSums } from './kept-sums.ts';
import { OrderedSketch } from './ordered-sketch.ts';
import { amount, isAmount, type Sample } from './sample.ts';
import type { Database, SqlRow, SqlValue, Statement } from './sqlite.ts';
import { sqliteFailure } from './sqlite-failure.ts';

/** US dollars of one sample; null: no price known. */
export type CostOf = (sample: Sample) => number | null;

export interface RollupNumbers {
  inTokens: number;
  outTokens: number;
  cacheWriteTokens: number;
  cacheReadTokens: number;
  dirtyS: number;
  streamS: number;
  count: number;
  /** Of the samples with a known price; null: none had one. */
  costUsd: number | null;
}

/** Sums of one model over one hour or one UTC day. */
export interface RollupSums extends RollupNumbers {
  /** Of streams that came through whole: a failure's first byte says nothing about the model. */
  readonly ttft: Sketch;
}

/** An hour or a day of one model. */
export interface Bucket {
  /** Epoch seconds. */
  readonly start: number;
  readonly model: string;
  readonly sums: RollupSums;
}

export interface Granularity {
  readonly name: 'hour' | 'day';
  readonly table: string;
  readonly keyColumn: string;
  readonly lengthS: number;
  keyOf(start: number): SqlValue;
  startOf(key: unknown): number;
}

export const HOUR: Granularity = {
  name: 'hour',
  table: 'usage_rollup_hour',
  keyColumn: 'window_start',
  lengthS: 3_600,
  keyOf: (start) => start,
  startOf: (key) => Number(key),
};

export const DAY: Granularity = {
  name: 'day',
  table: 'usage_rollup_day',
  keyColumn: 'date',
  lengthS: 86_400,
  keyOf: (start) => new Date(Math.min(Math.max(start, 0), LAST_DAY) * 1000).toISOString().slice(0, 10),
  startOf: (key) => Date.parse(`${String(key)}T00:00:00Z`) / 1000,
};

/** 9999-12-31: the last one that sorts as text. */
const LAST_DAY = 253_402_214_400;

export const GRANULARITIES: readonly Granularity[] = [HOUR, DAY];

export function bucketStart(granularity: Granularity, ts: number): number {
  return Math.floor(ts / granularity.lengthS) * granularity.lengthS;
}

export function noSums(): RollupSums {
  return {
    inTokens: 0,
    outTokens: 0,
    cacheWriteTokens: 0,
    cacheReadTokens: 0,
    dirtyS: 0,
    streamS: 0,
    count: 0,
    costUsd: null,
    ttft: new Sketch(),
  };
}

export function addSample(sums: RollupSums, sample: Sample, costUsd: number | null): void {
  const dirtyS = amount(sample.dirtyS);
  sums.inTokens += amount(sample.inputTokens);
  sums.outTokens += amount(sample.outputTokens);
  sums.cacheWriteTokens += amount(sample.cacheWriteTokens);
  sums.cacheReadTokens += amount(sample.cacheReadTokens);
  sums.dirtyS += dirtyS;
  sums.streamS += amount(sample.streamS) || dirtyS;
  sums.count += 1;
  if (isAmount(costUsd)) sums.costUsd = (sums.costUsd ?? 0) + costUsd;
  if (isAmount(sample.ttftMs) && sample.ttftMs > 0 && sample.ended === 'complete' && sample.status < 400)
    sums.ttft.add(sample.ttftMs);
}

export function addSums(sums: RollupSums, other: RollupSums): void {
  addNumbers(sums, other);
  sums.ttft.merge(other.ttft);
}

function addNumbers(sums: RollupNumbers, other: RollupNumbers): void {
  sums.inTokens += other.inTokens;
  sums.outTokens += other.outTokens;
  sums.cacheWriteTokens += other.cacheWriteTokens;
  sums.cacheReadTokens += other.cacheReadTokens;
  sums.dirtyS += other.dirtyS;
  sums.streamS += other.streamS;
  sums.count += other.count;
  if (other.costUsd !== null) sums.costUsd = (sums.costUsd ?? 0) + other.costUsd;
}

/** The buckets of one kind that some samples fall into. */
export class BucketSet {
  readonly granularity: Granularity;
  readonly #buckets = new Map<number, Map<string, Bucket>>();

  constructor(granularity: Granularity) {
    this.granularity = granularity;
  }

  add(sample: Sample, costUsd: number | null): void {
    const start = bucketStart(this.granularity, sample.ts);
    let models = this.#buckets.get(start);
    if (models === undefined) this.#buckets.set(start, (models = new Map()));
    let bucket = models.get(sample.model);
    if (bucket === undefined) models.set(sample.model, (bucket = { start, model: sample.model, sums: noSums() }));
    addSample(bucket.sums, sample, costUsd);
  }

  *all(): Iterable<Bucket> {
    for (const models of this.#buckets.values()) yield* models.values();
  }
}

/** The rows of one kind in one database. */
export class RollupTable {
  readonly granularity: Granularity;
  readonly #select: Statement;
  readonly #upsert: Statement;
  readonly #kept: KeptSums | null;

  /** With `kept`, rows that were written a moment ago are not read again. */
  constructor(db: Database, granularity: Granularity, kept: KeptSums | null = null) {
    const { table, keyColumn } = granularity;
    const columns = [keyColumn, 'model', ...SUM_COLUMNS];
    this.granularity = granularity;
    this.#kept = kept;
    this.#select = db.prepare(`SELECT * FROM ${table} WHERE ${keyColumn} = ? AND model = ?`);
    this.#upsert = db.prepare(
      `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})
       ON CONFLICT(${keyColumn}, model) DO UPDATE SET ${SUM_COLUMNS.map((name) => `${name} = excluded.${name}`).join(', ')}`,
    );
  }

  get(start: number, model: string): RollupSums | null {
    const row = this.#select.get(this.granularity.keyOf(start), model);
    return row === undefined ? null : sumsOf(row);
  }

  /** Adds to what the row has; `bucket` stays as it is. Call it inside a transaction. */
  add({ start, model, sums }: Bucket): void {
    const key = `${this.granularity.name} ${start} ${model}`;
    const row = this.#kept?.get(key) ?? keptRow(this.get(start, model) ?? noSums());
    addNumbers(row.numbers, sums);
    row.ttft.add(sums.ttft);
    this.#write(start, model, row);
    this.#kept?.keep(key, row);
  }

  /** The same, where one row nobody can read or write must not hold up what else is counted. */
  addIfPossible(bucket: Bucket): void {
    try {
      this.add(bucket);
    } catch (error) {
      if (sqliteFailure(error).kind !== 'row') throw error;
      this.#kept?.forget();
    }
  }

  put({ start, model, sums }: Bucket): void {
    this.#write(start, model, keptRow(sums));
  }

  #write(start: number, model: string, { numbers, ttft }: KeptRow): void {
    this.#upsert.run(
      this.granularity.keyOf(start),
      model,
      numbers.inTokens,
      numbers.outTokens,
      numbers.dirtyS,
      numbers.streamS,
      numbers.count,
      ttft.quantile(0.5),
      ttft.quantile(0.9),
      ttft.quantile(0.99),
      numbers.cacheWriteTokens,
      numbers.cacheReadTokens,
      numbers.costUsd,
      ttft.count === 0 ? null : ttft.toText(),
    );
  }
}

/** In the order they are written in. */
const SUM_COLUMNS = [
  'in_tokens',
  'out_tokens',
  'dirty_s',
  'stream_s',
  'count',
  'p50_ttft',
  'p90_ttft',
  'p99_ttft',
  'cache_write_tokens',
  'cache_read_tokens',
  'cost_usd',
  'ttft_sketch',
];

function keptRow(sums: RollupSums): KeptRow {
  return { numbers: sums, ttft: new OrderedSketch(sums.ttft) };
}

export function sumsOf(row: SqlRow): RollupSums {
  const number = (name: string): number => amount(row[name]);
  return {
    inTokens: number('in_tokens'),
    outTokens: number('out_tokens'),
    cacheWriteTokens: number('cache_write_tokens'),
    cacheReadTokens: number('cache_read_tokens'),
    dirtyS: number('dirty_s'),
    streamS: number('stream_s'),
    count: number('count'),
    costUsd: isAmount(row['cost_usd']) ? row['cost_usd'] : null,
    ttft: sketchOf(row['ttft_sketch']) ?? new Sketch(),
  };
}

function sketchOf(text: unknown): Sketch | null {
  if (typeof text !== 'string') return null;
  try {
    return Sketch.from(JSON.parse(text));
  } catch {
    return null;
  }
}

export interface Ttft {
  readonly p50: number | null;
  readonly p90: number | null;
  readonly p99: number | null;
}

/** As the columns have it. */
export function ttftOfRow(row: SqlRow): Ttft {
  const number = (name: string): number | null => (isAmount(row[name]) ? row[name] : null);
  return { p50: number('p50_ttft'), p90: number('p90_ttft'), p99: number('p99_ttft') };
}

export function ttftOf({ ttft }: RollupSums): Ttft {
  return { p50: ttft.quantile(0.5), p90: ttft.quantile(0.9), p99: ttft.quantile(0.99) };
}

/** As the wire has it. */
export function rollupRowOf(start: number, sums: RollupSums, ttft: Ttft): RollupRow {
  return {
    window_start: start,
    in_tokens: sums.inTokens,
    out_tokens: sums.outTokens,
    cache_write_tokens: sums.cacheWriteTokens,
    cache_read_tokens: sums.cacheReadTokens,
    dirty_s: sums.dirtyS,
    stream_s: sums.streamS,
    out_elr_tps: sums.streamS > 0 ? sums.outTokens / sums.streamS : 0,
    out_dirty_tps: sums.dirtyS > 0 ? sums.outTokens / sums.dirtyS : 0,
    count: sums.count,
    cost_usd: sums.costUsd,
    ttft_ms: { ...ttft },
  };
}
