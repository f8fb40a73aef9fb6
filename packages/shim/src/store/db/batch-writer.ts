import type { DecisionForm } from '../../exchange.ts';
import { KeptSums } from './kept-sums.ts';
import { BucketSet, bucketStart, DAY, HOUR, RollupTable, type CostOf } from './rollup-sums.ts';
import type { DecisionRow } from './read-store.ts';
import { DecisionInserter, KnownRowsError, SampleInserter } from './insert-rows.ts';
import type { MinuteDelta, Sample } from './sample.ts';
import type { ItemRows } from './item-rows.ts';
import { addMinute, MinuteSums, prepareAddMinute } from './minutes.ts';
import { inTransaction, type Database, type Statement } from './sqlite.ts';

/** A decision that is kept whole, as JSON text. */
export interface WholeDecision {
  readonly form?: null;
  readonly json: string;
}

/** A decision like thousands of others: what it has in common with them, and how the quota stood, in counted tokens. */
export interface FormedDecision {
  readonly form: DecisionForm;
  readonly rollingUsed: number;
  readonly weeklyUsed: number;
  readonly pending: number;
  readonly need: number;
}

/** What is written about one exchange. */
export interface BatchItem {
  readonly sample: Sample;
  /** What it adds to a quota; null: nothing. */
  readonly minute: MinuteDelta | null;
  readonly decision: WholeDecision | FormedDecision | null;
}

export interface Batch {
  readonly items: ItemRows;
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
  readonly #samples: SampleInserter;
  readonly #addMinute: Statement;
  readonly #decisions: DecisionInserter;
  readonly #putState: Statement;
  readonly #putConfig: Statement;
  readonly #kept: KeptSums;
  readonly #formsPut = new Set<string>();
  #oneByOne = false;
  readonly #hours: RollupTable;
  readonly #days: RollupTable;

  constructor(db: Database, costOf: CostOf) {
    this.#db = db;
    this.#costOf = costOf;
    this.#samples = new SampleInserter(db);
    this.#addMinute = prepareAddMinute(db);
    this.#decisions = new DecisionInserter(db);
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
      return this.#inTransaction(batch, mode);
    } catch (error) {
      if (!(error instanceof KnownRowsError)) throw error;
      // Somebody imports what is there: the next batches will be of that kind as well.
      this.#oneByOne = true;
      return this.#inTransaction(batch, mode);
    }
  }

  #inTransaction(batch: Batch, mode: WriteMode): number {
    try {
      const written = inTransaction(this.#db, () => {
        this.#kept.begin();
        const count = this.#write(batch, mode);
        this.#kept.end();
        return count;
      });
      if (written === batch.items.length) this.#oneByOne = false;
      return written;
    } catch (error) {
      this.#kept.forget();
      this.#formsPut.clear();
      throw error;
    }
  }

  #write({ items, states, configs, nowTs }: Batch, mode: WriteMode): number {
    const minutes = new MinuteSums();
    const hours = new BucketSet(HOUR);
    const decisions: DecisionRow[] = [];
    const fresh = this.#samples.insert(items, this.#oneByOne, ({ sample, minute, decision }, isNew) => {
      if (isNew && mode === 'counted') {
        if (minute !== null) minutes.add(minute);
        hours.add(sample, this.#costOf(sample));
      }
      if (decision?.form) this.#putForm(decision.form, nowTs);
      else if (decision) decisions.push({ rid: sample.rid, ts: sample.ts, json: decision.json });
    });
    this.#count(minutes, hours);
    // In the order of time, in which they are looked for; they came kind by kind.
    this.#decisions.insert(decisions.toSorted((one, other) => one.ts - other.ts));
    for (const [name, json] of states) this.#putState.run(name, json, nowTs);
    for (const [id, json] of configs) this.#putConfig.run(id, nowTs, json);
    return fresh;
  }

  #putForm({ id, json }: DecisionForm, nowTs: number): void {
    if (this.#formsPut.has(id)) return;
    this.#putConfig.run(id, nowTs, json);
    this.#formsPut.add(id);
  }

  #count(minutes: MinuteSums, hours: BucketSet): void {
    for (const minute of minutes.all()) addMinute(this.#addMinute, minute);
    for (const bucket of hours.all()) {
      this.#hours.addIfPossible(bucket);
      this.#days.addIfPossible({ ...bucket, start: bucketStart(DAY, bucket.start) });
    }
  }
}
