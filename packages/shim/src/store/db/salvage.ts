import { existsSync, renameSync } from 'node:fs';
import { addMinute, prepareAddMinute } from './batch-writer.ts';
import { minuteRow } from './read-store.ts';
import { recomputeSteps, setSamplesCoverFrom } from './recompute-rollups.ts';
import { DAY, HOUR, RollupTable, sumsOf, type Granularity } from './rollup-sums.ts';
import { columnsOf, TABLES } from './schema.ts';
import { inTransaction, openDatabase, type Database, type SqlRow, type SqlValue } from './sqlite.ts';
import { sqliteFailure } from './sqlite-failure.ts';

export interface SalvageReport {
  readonly rows: number;
  /** Tables of which something could not be read. */
  readonly damaged: readonly string[];
}

/** Moves a damaged database and its side files out of the way. SQLite still finds the three together. */
export function moveAside(path: string, nowMs: number): string {
  const stamp = new Date(nowMs).toISOString().replace(/[-:]/g, '').replace('.', '');
  const aside = `${path}.corrupt-${stamp}`;
  for (const suffix of ['', '-wal', '-shm']) {
    if (existsSync(path + suffix)) renameSync(path + suffix, aside + suffix);
  }
  return aside;
}

/**
 * Copies what can still be read of a damaged database into a new one, which may be in use already: sums are added to
 * what it has, everything else fills gaps. Every step is a short transaction; between two of them others may write.
 */
export function* salvage(aside: string, to: Database, nowTs: number): Generator<void, SalvageReport> {
  const damaged: string[] = [];
  let rows = 0;
  let from: Database;
  try {
    from = openDatabase(aside, { readOnly: true });
  } catch {
    return { rows, damaged: [...TABLES] };
  }
  try {
    for (const table of TABLES) {
      const reader = new TableReader(from, table);
      const write = writerFor(table, to);
      for (const page of reader.pages()) {
        yield* patiently(to, () => {
          for (const row of page) if (writes(write, row)) rows += 1;
        });
        yield;
      }
      if (reader.failed) damaged.push(table);
    }
  } finally {
    from.close();
  }
  if (damaged.length > 0) {
    if (damaged.includes('usage_sample')) yield* patiently(to, () => setSamplesCoverFrom(to, nowTs));
    yield* recomputeSteps(to, { fullyCoveredFromTs: 0, neverShrink: true });
  }
  return { rows, damaged };
}

/** About 10 ms. */
const CHUNK_ROWS = 500;

/** Reads a table from its beginning to the damage, then from its end backwards to the damage. */
class TableReader {
  failed = false;
  readonly #db: Database;
  readonly #table: string;
  readonly #key: readonly string[];
  #isAbsent = false;

  constructor(db: Database, table: string) {
    this.#db = db;
    this.#table = table;
    this.#key = table === 'ledger_minute' ? ['lane', 'model', 'minute'] : ['rowid'];
  }

  *pages(): Generator<readonly SqlRow[]> {
    const last = yield* this.#scan('ASC', null);
    if (this.failed) yield* this.#scan('DESC', last);
  }

  /** @returns the key it came to */
  *#scan(direction: 'ASC' | 'DESC', end: Key | null): Generator<readonly SqlRow[], Key | null> {
    let last: Key | null = null;
    for (let limit = CHUNK_ROWS; ;) {
      const page = this.#page(direction, limit, { last, end });
      if (page === null) {
        // As near to the damage as one row.
        if (limit === 1 || this.#isAbsent) return last;
        limit = Math.ceil(limit / 8);
        continue;
      }
      const row = page.at(-1);
      if (row === undefined) return last;
      const key = this.#key.map((name) => row[name === 'rowid' ? 'place' : name] as SqlValue);
      // A damaged tree may lead in circles.
      if (last !== null && (direction === 'ASC' ? compare(key, last) <= 0 : compare(key, last) >= 0)) {
        this.failed = true;
        return last;
      }
      last = key;
      yield page;
    }
  }

  #page(
    direction: 'ASC' | 'DESC',
    limit: number,
    { last, end }: { last: Key | null; end: Key | null },
  ): SqlRow[] | null {
    const key = `(${this.#key.join(', ')})`;
    const marks = `(${this.#key.map(() => '?').join(', ')})`;
    const conditions = [
      ...(last === null ? [] : [`${key} ${direction === 'ASC' ? '>' : '<'} ${marks}`]),
      ...(end === null ? [] : [`${key} > ${marks}`]),
    ];
    const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
    const order = this.#key.map((name) => `${name} ${direction}`).join(', ');
    const place = this.#key[0] === 'rowid' ? 'rowid AS place, ' : '';
    try {
      return this.#db
        .prepare(`SELECT ${place}* FROM ${this.#table} ${where} ORDER BY ${order} LIMIT ${limit}`)
        .all(...(last ?? []), ...(end ?? []));
    } catch (error) {
      this.#isAbsent = sqliteFailure(error).code === 'SQLITE_ERROR';
      // A file of an older format lacks tables, and that is no damage.
      if (!this.#isAbsent) this.failed = true;
      return null;
    }
  }
}

type Key = readonly SqlValue[];

function compare(one: Key, other: Key): number {
  for (const [index, a] of one.entries()) {
    const b = other[index] ?? null;
    if (a !== b && a !== null && b !== null) return a < b ? -1 : 1;
  }
  return 0;
}

type RowWriter = (row: SqlRow) => void;

function writerFor(table: string, to: Database): RowWriter {
  if (table === 'ledger_minute') {
    const statement = prepareAddMinute(to);
    return (row) => addMinute(statement, minuteRow(row));
  }
  if (table === HOUR.table) return rollupWriter(HOUR, to);
  if (table === DAY.table) return rollupWriter(DAY, to);
  const insert = plainInsert(table, to);
  return (row) => void insert(row);
}

/** A row that is new is taken as it is; otherwise both have counted, one before and one after the damage. */
function rollupWriter(granularity: Granularity, to: Database): RowWriter {
  const rollups = new RollupTable(to, granularity);
  const insert = plainInsert(granularity.table, to);
  return (row) => {
    if (insert(row)) return;
    const start = granularity.startOf(row[granularity.keyColumn]);
    rollups.add({ start, model: String(row['model']), sums: sumsOf(row) });
  };
}

function plainInsert(table: string, to: Database): (row: SqlRow) => boolean {
  const columns = columnsOf(to, table);
  const marks = columns.map(() => '?').join(', ');
  const statement = to.prepare(`INSERT OR IGNORE INTO ${table} (${columns.join(', ')}) VALUES (${marks})`);
  return (row) => Number(statement.run(...columns.map((name) => (row[name] ?? null) as SqlValue)).changes) > 0;
}

/** False: this row is garbage. Anything else wrong is thrown. */
function writes(write: RowWriter, row: SqlRow): boolean {
  try {
    write(row);
    return true;
  } catch (error) {
    if (sqliteFailure(error).kind === 'row') return false;
    throw error;
  }
}

/** Waits for its turn as long as somebody else writes. */
function* patiently(db: Database, work: () => void): Generator<void, void> {
  for (;;) {
    try {
      inTransaction(db, work);
      return;
    } catch (error) {
      if (sqliteFailure(error).kind !== 'busy') throw error;
    }
    yield;
  }
}
