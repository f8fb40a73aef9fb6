import { existsSync, renameSync } from 'node:fs';
import type { ItemRows } from './item-rows.ts';
import { addMinute, minuteRow, prepareAddMinute } from './minutes.ts';
import type { UsageDatabase } from './open-usage-database.ts';
import { recomputeSteps, setSamplesCoverFrom } from './recompute-rollups.ts';
import { bucketStart, DAY, HOUR, RollupTable, sumsOf, type Granularity } from './rollup-sums.ts';
import { columnsOf, TABLES } from './schema.ts';
import { inTransaction, numberOf, openDatabase, type Database, type SqlRow, type SqlValue } from './sqlite.ts';
import { sqliteFailure } from './sqlite-failure.ts';

export interface SalvageReport {
  readonly rows: number;
  /** Tables of which something could not be read. */
  readonly damaged: readonly string[];
}

/**
 * What was written to the damaged file so late that nobody can tell whether it is in it. Where its sample was read back
 * it is part of the sums that were read back; so it is written after them.
 */
export interface HeldItems {
  /** The next ones to be written; none: that was all. */
  next(): ItemRows;
  /** They are on disk. */
  written(items: ItemRows): void;
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
export function* salvage(
  aside: string,
  to: UsageDatabase,
  held: HeldItems,
  nowTs: number,
): Generator<void, SalvageReport> {
  const report = yield* copyTables(aside, to.db);
  const { damaged } = report;
  if (damaged.includes('usage_sample')) yield* patiently(to.db, () => setSamplesCoverFrom(to.db, nowTs));
  const heldFromTs = yield* writeHeld(to, held, nowTs);
  // Sums knew what they held, unless they were damaged themselves: then samples know more, and make them anew.
  const fromTs = damaged.length > 0 ? 0 : heldFromTs;
  if (fromTs < Infinity)
    yield* recomputeSteps(to.db, { fullyCoveredFromTs: bucketStart(DAY, fromTs), neverShrink: true, nowTs });
  return report;
}

/** @returns the time of the first one that was new */
function* writeHeld({ writer }: UsageDatabase, held: HeldItems, nowTs: number): Generator<void, number> {
  let fromTs = Infinity;
  for (let items = held.next(); items.length > 0; items = held.next()) {
    const batch = { items, states: NONE, configs: NONE, nowTs };
    yield* whileBusy(() => {
      if (writer.write(batch, 'samples_only') > 0)
        for (let nth = 0; nth < items.length; nth += 1) fromTs = Math.min(fromTs, items.look(nth).sample.ts);
    });
    held.written(items);
    yield;
  }
  return fromTs;
}

const NONE: ReadonlyMap<string, string> = new Map();

function* copyTables(aside: string, to: Database): Generator<void, SalvageReport> {
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
      const write = writerFor(table, from, to);
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

function writerFor(table: string, from: Database, to: Database): RowWriter {
  if (table === 'ledger_minute') {
    const statement = prepareAddMinute(to);
    return (row) => addMinute(statement, minuteRow(row));
  }
  if (table === 'decision') return decisionWriter(from, to);
  if (table === HOUR.table) return rollupWriter(HOUR, to);
  if (table === DAY.table) return rollupWriter(DAY, to);
  const insert = plainInsert(table, to);
  return (row) => void insert(row);
}

/** They stay in order, before all that were written since: who deletes the oldest takes the first ones. */
function decisionWriter(from: Database, to: Database): RowWriter {
  const statement = to.prepare('INSERT OR IGNORE INTO decision (rowid, ts, rid, json) VALUES (?, ?, ?, ?)');
  const shift = lastDecision(from) + 1;
  const value = (row: SqlRow, name: string): SqlValue => (row[name] ?? null) as SqlValue;
  return (row) =>
    void statement.run(Number(row['place']) - shift, value(row, 'ts'), value(row, 'rid'), value(row, 'json'));
}

function lastDecision(from: Database): number {
  try {
    return numberOf(from, 'SELECT max(rowid) FROM decision') ?? 0;
  } catch {
    return MOST_DECISIONS;
  }
}

/** Nobody has written as many. */
const MOST_DECISIONS = 2 ** 48;

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

function patiently(db: Database, work: () => void): Generator<void, void> {
  return whileBusy(() => inTransaction(db, work));
}

/** Waits for its turn as long as somebody else writes. */
function* whileBusy(work: () => void): Generator<void, void> {
  for (;;) {
    try {
      work();
      return;
    } catch (error) {
      if (sqliteFailure(error).kind !== 'busy') throw error;
    }
    yield;
  }
}
