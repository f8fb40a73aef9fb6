import type { BatchItem } from './batch-writer.ts';
import type { ItemRows } from './item-rows.ts';
import type { DecisionRow } from './read-store.ts';
import { commonValuesOf, COMMON_COLUMNS, DECIDED_COLUMNS, FORM_COLUMN, OWN_COLUMNS, ownValuesOf } from './sample.ts';
import type { Database, SqlValue, Statement } from './sqlite.ts';

/** Rows of one statement, largest first. Handing over a value costs as much as storing it, and each row but the first is cheaper. */
const SIZES = [50, 10, 1] as const;
const ONE = [1] as const;

/** Some rows of a larger statement were there already, and it does not say which. */
export class KnownRowsError extends Error {
  override readonly name = 'KnownRowsError';
}

/** Statements that put many rows at once, each prepared when it is first needed. */
class RowsStatement {
  readonly #db: Database;
  readonly #sqlOf: (rows: number) => string;
  readonly #bySize = new Map<number, Statement>();

  constructor(db: Database, sqlOf: (rows: number) => string) {
    this.#db = db;
    this.#sqlOf = sqlOf;
  }

  of(rows: number): Statement {
    let statement = this.#bySize.get(rows);
    if (statement === undefined) this.#bySize.set(rows, (statement = this.#db.prepare(this.#sqlOf(rows))));
    return statement;
  }
}

/** Puts samples. What most of them have in common is handed over once for many. */
export class SampleInserter {
  readonly #rows: RowsStatement;

  constructor(db: Database) {
    const common = [...COMMON_COLUMNS, FORM_COLUMN];
    const columns = [...common, ...OWN_COLUMNS, ...DECIDED_COLUMNS].join(', ');
    const own = places(OWN_COLUMNS.length + DECIDED_COLUMNS.length);
    this.#rows = new RowsStatement(
      db,
      (rows) => `INSERT OR IGNORE INTO usage_sample (${columns})
        SELECT common.*, own.* FROM (SELECT ${common.map(() => '?').join(', ')}) AS common
        CROSS JOIN (VALUES ${Array.from({ length: rows }, () => own).join(', ')}) AS own`,
    );
  }

  /**
   * @param each told of every item, in an object that is another one afterwards, and whether its sample was new
   * @returns how many were new
   * @throws KnownRowsError when some were not and `oneByOne` is false: then the transaction has to be done again
   */
  insert(rows: ItemRows, oneByOne: boolean, each: (item: BatchItem, isNew: boolean) => void): number {
    let count = 0;
    for (const [kind, places] of rows.byKind()) {
      for (const some of portions(places, oneByOne ? ONE : SIZES)) {
        const values: SqlValue[] = [];
        commonValuesOf(kind.sample, values);
        values.push(kind.form?.id ?? null);
        for (const place of some) {
          const item = rows.look(place);
          ownValuesOf(item.sample, values);
          pushDecided(item, values);
          if (!oneByOne) each(item, true);
        }
        const changes = Number(this.#rows.of(some.length).run(...values).changes);
        count += changes;
        if (oneByOne) for (const place of some) each(rows.look(place), changes > 0);
        else if (changes < some.length) throw new KnownRowsError();
      }
    }
    return count;
  }
}

function pushDecided({ decision }: BatchItem, values: SqlValue[]): void {
  if (decision?.form) values.push(decision.rollingUsed, decision.weeklyUsed, decision.pending, decision.need);
  else values.push(null, null, null, null);
}

/** Puts decisions. */
export class DecisionInserter {
  readonly #rows: RowsStatement;

  constructor(db: Database) {
    this.#rows = new RowsStatement(
      db,
      (rows) =>
        `INSERT INTO decision (ts, rid, json) VALUES ${Array.from({ length: rows }, () => places(3)).join(', ')}`,
    );
  }

  insert(decisions: readonly DecisionRow[]): void {
    for (const some of portions(decisions)) {
      const values: SqlValue[] = [];
      for (const { ts, rid, json } of some) values.push(ts, rid, json);
      this.#rows.of(some.length).run(...values);
    }
  }
}

function places(count: number): string {
  return `(${Array.from({ length: count }, () => '?').join(', ')})`;
}

function* portions<T>(all: readonly T[], sizes: readonly number[] = SIZES): Generator<readonly T[]> {
  let at = 0;
  for (const size of sizes) for (; at + size <= all.length; at += size) yield all.slice(at, at + size);
}
