import { amount, isAmount, type MinuteDelta } from './sample.ts';
import { LAST_TS } from './schema.ts';
import { inTransaction, numberOf, type Database, type SqlRow, type Statement } from './sqlite.ts';
import { sqliteFailure } from './sqlite-failure.ts';

const COLUMNS = 'lane, model, minute, first_ts, input, output, cache_write, cache_read, dirty_s, count';
const INSERT = `INSERT INTO ledger_minute (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;
const ADD = `ON CONFLICT(lane, model, minute) DO UPDATE SET first_ts = min(first_ts, excluded.first_ts),
  input = input + excluded.input, output = output + excluded.output,
  cache_write = cache_write + excluded.cache_write, cache_read = cache_read + excluded.cache_read,
  dirty_s = dirty_s + excluded.dirty_s, count = count + excluded.count`;

/** Both accounts are of the same requests: the one that knows more of them holds. */
export const KNOW_MORE = `ON CONFLICT(lane, model, minute) DO UPDATE SET first_ts = min(first_ts, excluded.first_ts),
  input = excluded.input, output = excluded.output, cache_write = excluded.cache_write,
  cache_read = excluded.cache_read, dirty_s = excluded.dirty_s, count = excluded.count
  WHERE excluded.count > count`;

export function prepareAddMinute(db: Database): Statement {
  return db.prepare(`${INSERT} ${ADD}`);
}

export function addMinute(statement: Statement, delta: MinuteDelta): void {
  const { lane, model, minute, firstTs, input, output, cacheWrite, cacheRead, dirtyS, count } = delta;
  statement.run(
    lane,
    model,
    minute,
    firstTs,
    amount(input),
    amount(output),
    amount(cacheWrite),
    amount(cacheRead),
    amount(dirtyS),
    amount(count),
  );
}

/** Puts minutes where there are none, or some of fewer requests. Answers how many. */
export function putMinutes(db: Database, minutes: Iterable<MinuteDelta>): number {
  const statement = db.prepare(`${INSERT} ${KNOW_MORE}`);
  const changes = db.prepare('SELECT total_changes() AS changes');
  return inTransaction(db, () => {
    const before = Number(changes.get()?.['changes']);
    for (const minute of minutes) addMinute(statement, minute);
    return Number(changes.get()?.['changes']) - before;
  });
}

type Sum = { -readonly [Field in keyof MinuteDelta]: MinuteDelta[Field] };

/** What some requests add to each minute. */
export class MinuteSums {
  readonly #sums = new Map<string, Sum>();
  #last: Sum | undefined;

  add(minute: MinuteDelta): void {
    let sum = this.#last;
    // Nearly always the same as the one before.
    if (sum?.minute !== minute.minute || sum.model !== minute.model || sum.lane !== minute.lane) {
      const key = `${minute.minute}\n${minute.lane}\n${minute.model}`;
      sum = this.#sums.get(key);
      if (sum === undefined) this.#sums.set(key, (sum = { ...minute, ...NOTHING }));
      this.#last = sum;
    }
    sum.firstTs = Math.min(sum.firstTs, minute.firstTs);
    sum.input += amount(minute.input);
    sum.output += amount(minute.output);
    sum.cacheWrite += amount(minute.cacheWrite);
    sum.cacheRead += amount(minute.cacheRead);
    sum.dirtyS += amount(minute.dirtyS);
    sum.count += amount(minute.count);
  }

  all(): Iterable<MinuteDelta> {
    return this.#sums.values();
  }
}

const NOTHING = { input: 0, output: 0, cacheWrite: 0, cacheRead: 0, dirtyS: 0, count: 0 };

const AMOUNTS = ['input', 'output', 'cache_write', 'cache_read', 'dirty_s', 'count'];
/** Other rows were edited by hand. */
const USABLE = AMOUNTS.map((name) => `coalesce(${name}, 0) BETWEEN 0 AND ${Number.MAX_VALUE}`).join(' AND ');

/**
 * The clock was ahead and has been set back: what it put into the future has just happened. Left there it would count
 * as new when its time comes.
 *
 * @returns what kept it from being done, in words
 */
export function moveFutureMinutes(db: Database, nowTs: number): string[] {
  try {
    moveFuture(db, nowTs);
    return [];
  } catch (error) {
    const { kind, code, message } = sqliteFailure(error);
    if (kind === 'corrupt') throw error;
    return [`minutes of the future stay where they are in ${db.path}: ${code}: ${message}`];
  }
}

function moveFuture(db: Database, nowTs: number): void {
  const now = Math.floor(nowTs / 60);
  // The next minute may begin any moment.
  const isFuture = `minute > ${now + 1} AND ${USABLE}`;
  if (numberOf(db, `SELECT 1 FROM ledger_minute WHERE ${isFuture} LIMIT 1`) === null) return;
  inTransaction(db, () => {
    db.exec(`INSERT INTO ledger_minute (${COLUMNS})
      SELECT lane, model, ${now}, ${now * 60}, ${AMOUNTS.map((name) => `total(${name})`).join(', ')}
      FROM ledger_minute WHERE ${isFuture} GROUP BY lane, model ${ADD}`);
    db.exec(`DELETE FROM ledger_minute WHERE ${isFuture}`);
  });
}

/**
 * All minutes from one on. What is no amount is left out and named in `problems`.
 *
 * One row of text per series: half a million minutes as rows of their own would take ten times as long, most of it for
 * carrying each value over into JavaScript.
 */
export function readMinutes(db: Database, fromMinute: number, problems: string[]): MinuteDelta[] {
  const firstTs = `CASE WHEN first_ts BETWEEN 0 AND ${LAST_TS} THEN first_ts ELSE minute * 60 END`;
  const values = `'%d,%!.17g,%d,%d,%d,%d,%!.17g,%d', minute, ${firstTs}, input, output, cache_write, cache_read, dirty_s, count`;
  const series = db.prepare(
    `SELECT lane, model, count(*) AS minutes, group_concat(CASE WHEN ${USABLE} THEN printf(${values}) END) AS numbers
     FROM ledger_minute WHERE minute >= ? GROUP BY lane, model`,
  );
  const minutes: MinuteDelta[] = [];
  for (const row of series.all(fromMinute)) {
    const name = { lane: String(row['lane']), model: String(row['model']) };
    const leftOut = Number(row['minutes']) - addSeries(minutes, name, row['numbers']);
    if (leftOut === 0) continue;
    const of = `${name.lane} and ${name.model}`;
    problems.push(`${leftOut} minutes of ${of} in ${db.path} are no usable numbers and were left out`);
  }
  return minutes;
}

/** @returns how many there were */
function addSeries(to: MinuteDelta[], { lane, model }: Pick<MinuteDelta, 'lane' | 'model'>, text: unknown): number {
  const numbers = numbersIn(text);
  const value = (at: number): number => numbers[at] ?? 0;
  for (let at = 0; at < numbers.length; at += NUMBERS_PER_MINUTE) {
    to.push({
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
  return numbers.length / NUMBERS_PER_MINUTE;
}

function numbersIn(text: unknown): readonly number[] {
  try {
    return typeof text === 'string' ? (JSON.parse(`[${text}]`) as number[]) : [];
  } catch {
    return [];
  }
}

const NUMBERS_PER_MINUTE = 8;

export function minuteRow(row: SqlRow): MinuteDelta {
  const minute = Number(row['minute']);
  return {
    lane: String(row['lane']),
    model: String(row['model']),
    minute,
    firstTs: isAmount(row['first_ts']) ? row['first_ts'] : minute * 60,
    input: amount(row['input']),
    output: amount(row['output']),
    cacheWrite: amount(row['cache_write']),
    cacheRead: amount(row['cache_read']),
    dirtyS: amount(row['dirty_s']),
    count: amount(row['count']),
  };
}
