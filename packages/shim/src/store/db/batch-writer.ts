import { KeptSums } from './kept-sums.ts';
import { BucketSet, bucketStart, DAY, HOUR, RollupTable, type CostOf } from './rollup-sums.ts';
import { SAMPLE_COLUMNS, valuesOf, type MinuteDelta, type Sample } from './sample.ts';
import { addMinute, prepareAddMinute, sumMinutes } from './minutes.ts';
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
  readonly #kept: KeptSums;
  readonly #hours: RollupTable;
  readonly #days: RollupTable;

  constructor(db: Database, costOf: CostOf) {
    this.#db = db;
    this.#costOf = costOf;
    this.#insertSample = db.prepare(
      `INSERT OR IGNORE INTO usage_sample (${SAMPLE_COLUMNS.join(', ')})
       VALUES (${SAMPLE_COLUMNS.map(() => '?').join(', ')})`,
    );
    this.#addMinute = prepareAddMinute(db);
    this.#insertDecision = db.prepare('INSERT INTO decision (ts, rid, json) VALUES (?, ?, ?)');
    this.#putState = db.prepare('INSERT OR REPLACE INTO state (name, json, updated_ts) VALUES (?, ?, ?)');
    this.#putConfig = db.prepare('INSERT OR IGNORE INTO config_version (id, ts, json) VALUES (?, ?, ?)');
    this.#kept = new KeptSums(db);
    this.#hours = new RollupTable(db, HOUR, this.#kept);
    this.#days = new RollupTable(db, DAY, this.#kept);
  }

  /**
   * One transaction. A sample that is there already (same `ts` and `rid`) adds to no sum.
   *
   * @returns how many samples were new
   */
  write(batch: Batch, mode: WriteMode = 'counted'): number {
    try {
      return inTransaction(this.#db, () => {
        this.#kept.begin();
        const written = this.#write(batch, mode);
        this.#kept.end();
        return written;
      });
    } catch (error) {
      this.#kept.forget();
      throw error;
    }
  }

  #write({ items, states, configs, nowTs }: Batch, mode: WriteMode): number {
    const fresh: BatchItem[] = [];
    for (const item of items) {
      if (this.#insertSample.run(...valuesOf(item.sample)).changes > 0) fresh.push(item);
    }
    if (mode === 'counted') this.#count(fresh);
    for (const { decision } of items) {
      if (decision === null) continue;
      const { rid, ts, json } = decision;
      this.#insertDecision.run(ts, rid, typeof json === 'string' ? json : json());
    }
    for (const [name, json] of states) this.#putState.run(name, json, nowTs);
    for (const [id, json] of configs) this.#putConfig.run(id, nowTs, json);
    return fresh.length;
  }

  #count(fresh: readonly BatchItem[]): void {
    for (const minute of sumMinutes(fresh)) addMinute(this.#addMinute, minute);
    const set = new BucketSet(HOUR);
    for (const { sample } of fresh) set.add(sample, this.#costOf(sample));
    for (const bucket of set.all()) {
      this.#hours.addIfPossible(bucket);
      this.#days.addIfPossible({ ...bucket, start: bucketStart(DAY, bucket.start) });
    }
  }
}
