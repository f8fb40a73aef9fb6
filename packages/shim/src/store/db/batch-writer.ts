import { BucketSet, GRANULARITIES, RollupTable, type CostOf } from './rollup-sums.ts';
import { SAMPLE_COLUMNS, valuesOf, type MinuteDelta, type Sample } from './sample.ts';
import { inTransaction, type Database, type Statement } from './sqlite.ts';

export interface DecisionRecord {
  readonly rid: string;
  readonly ts: number;
  /** JSON text, or how to make it: off the request's path. */
  readonly json: string | (() => string);
}

/** What is written about one exchange. */
export interface BatchItem {
  readonly sample: Sample;
  /** What it adds to a quota; null: nothing. */
  readonly minute: MinuteDelta | null;
  readonly decision: DecisionRecord | null;
}

export interface Batch {
  readonly items: readonly BatchItem[];
  /** Name → JSON text. */
  readonly states: ReadonlyMap<string, string>;
  /** Id → JSON text. */
  readonly configs: ReadonlyMap<string, string>;
  readonly nowTs: number;
}

/** `samples_only`: sums are brought into line afterwards, because they may have counted a lost sample already. */
export type WriteMode = 'counted' | 'samples_only';

/** The only code that writes samples: live, imported and replayed ones go the same way and count once. */
export class BatchWriter {
  readonly #db: Database;
  readonly #costOf: CostOf;
  readonly #insertSample: Statement;
  readonly #addMinute: Statement;
  readonly #insertDecision: Statement;
  readonly #putState: Statement;
  readonly #putConfig: Statement;
  readonly #rollups: readonly RollupTable[];

  constructor(db: Database, costOf: CostOf) {
    this.#db = db;
    this.#costOf = costOf;
    this.#insertSample = db.prepare(
      `INSERT OR IGNORE INTO usage_sample (${SAMPLE_COLUMNS.join(', ')})
       VALUES (${SAMPLE_COLUMNS.map(() => '?').join(', ')})`,
    );
    this.#addMinute = prepareAddMinute(db);
    this.#insertDecision = db.prepare('INSERT OR IGNORE INTO decision (rid, ts, json) VALUES (?, ?, ?)');
    this.#putState = db.prepare('INSERT OR REPLACE INTO state (name, json, updated_ts) VALUES (?, ?, ?)');
    this.#putConfig = db.prepare('INSERT OR IGNORE INTO config_version (id, ts, json) VALUES (?, ?, ?)');
    this.#rollups = GRANULARITIES.map((granularity) => new RollupTable(db, granularity));
  }

  /**
   * One transaction. A sample that is there already (same `ts` and `rid`) adds to no sum.
   *
   * @returns how many samples were new
   */
  write(batch: Batch, mode: WriteMode = 'counted'): number {
    return inTransaction(this.#db, () => {
      const fresh = batch.items.filter(({ sample }) => Number(this.#insertSample.run(...valuesOf(sample)).changes) > 0);
      if (mode === 'counted') this.#count(fresh);
      for (const { decision } of batch.items) {
        if (decision === null) continue;
        const { rid, ts, json } = decision;
        this.#insertDecision.run(rid, ts, typeof json === 'string' ? json : json());
      }
      for (const [name, json] of batch.states) this.#putState.run(name, json, batch.nowTs);
      for (const [id, json] of batch.configs) this.#putConfig.run(id, batch.nowTs, json);
      return fresh.length;
    });
  }

  #count(fresh: readonly BatchItem[]): void {
    for (const minute of sumMinutes(fresh)) addMinute(this.#addMinute, minute);
    const sets = this.#rollups.map(({ granularity }) => new BucketSet(granularity));
    for (const { sample } of fresh) {
      const costUsd = this.#costOf(sample);
      for (const set of sets) set.add(sample, costUsd);
    }
    for (const [index, table] of this.#rollups.entries()) {
      for (const bucket of sets[index]?.all() ?? []) table.add(bucket);
    }
  }
}

export function prepareAddMinute(db: Database): Statement {
  return db.prepare(
    `INSERT INTO ledger_minute (lane, model, minute, first_ts, input, output, cache_write, cache_read, dirty_s, count)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT(lane, model, minute) DO UPDATE SET first_ts = min(first_ts, excluded.first_ts),
       input = input + excluded.input, output = output + excluded.output,
       cache_write = cache_write + excluded.cache_write, cache_read = cache_read + excluded.cache_read,
       dirty_s = dirty_s + excluded.dirty_s, count = count + excluded.count`,
  );
}

export function addMinute(statement: Statement, delta: MinuteDelta): void {
  const { lane, model, minute, firstTs, input, output, cacheWrite, cacheRead, dirtyS, count } = delta;
  statement.run(lane, model, minute, firstTs, input, output, cacheWrite, cacheRead, dirtyS, count);
}

function sumMinutes(items: readonly BatchItem[]): Iterable<MinuteDelta> {
  const sums = new Map<string, MinuteDelta>();
  for (const { minute } of items) {
    if (minute === null) continue;
    const key = `${minute.minute}\n${minute.lane}\n${minute.model}`;
    const known = sums.get(key);
    sums.set(key, known === undefined ? minute : plus(known, minute));
  }
  return sums.values();
}

function plus(one: MinuteDelta, other: MinuteDelta): MinuteDelta {
  return {
    ...one,
    firstTs: Math.min(one.firstTs, other.firstTs),
    input: one.input + other.input,
    output: one.output + other.output,
    cacheWrite: one.cacheWrite + other.cacheWrite,
    cacheRead: one.cacheRead + other.cacheRead,
    dirtyS: one.dirtyS + other.dirtyS,
    count: one.count + other.count,
  };
}
