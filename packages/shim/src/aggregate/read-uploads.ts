import type { Database, SqlRow, Statement } from '../store/db/sqlite.ts';
import { gaps, unbrokenUpTo } from './ranges.ts';
import type { AggregateStore, Contribution, OrgSums, StoredEvent, StreamState, SumRow } from './store.ts';

const HOUR_S = 3600;
const DAY_HOURS = 24;

const SUMS = `sum(turns) AS turns, sum(input_tokens) AS input_tokens, sum(output_tokens) AS output_tokens,
  sum(cache_write_tokens) AS cache_write_tokens, sum(cache_read_tokens) AS cache_read_tokens, sum(dirty_s) AS dirty_s,
  sum(stream_s) AS stream_s, sum(features) AS features, sum(cost_usd) AS cost_usd`;

const OF_ORG = '(SELECT n FROM org WHERE name = ?)';

/** The statements that read. Each but `contributions` and `orgs` of all asks for one organisation. */
export class ReadUploads {
  readonly #db: Database;
  readonly #statements = new Map<string, Statement>();

  constructor(db: Database) {
    this.#db = db;
  }

  rollups({ org, granularity, sinceTs, model }: Parameters<AggregateStore['rollups']>[0]): SumRow[] {
    const hours = granularity === 'hour' ? 1 : DAY_HOURS;
    // A span that has begun before `since` comes whole.
    const from = Math.floor(sinceTs / HOUR_S / hours) * hours;
    return this.#all(
      `SELECT hour / ${hours} * ${hours} AS start, model, ${SUMS} FROM sum_hour
       WHERE org = ${OF_ORG} AND hour >= ? AND (? IS NULL OR model = ?) GROUP BY 1, model ORDER BY 1, model`,
      org,
      from,
      model,
      model,
    ).map((row) => ({ ...sumsOf(row), startTs: Number(row['start']) * HOUR_S }));
  }

  models(org: string): Omit<SumRow, 'startTs'>[] {
    const sql = `SELECT model, ${SUMS} FROM sum_hour WHERE org = ${OF_ORG} GROUP BY model ORDER BY model`;
    return this.#all(sql, org).map(sumsOf);
  }

  orgs(org: string | null): OrgSums[] {
    const orgs = this.#all('SELECT n, name FROM org WHERE ? IS NULL OR name = ? ORDER BY name', org, org);
    return orgs.map(({ n, name }) => {
      const sums = sumsOf(this.#one(`SELECT '' AS model, ${SUMS} FROM sum_hour WHERE org = ?`, Number(n)));
      const newest = this.#one('SELECT json FROM summary WHERE org = ? ORDER BY n DESC LIMIT 1', Number(n));
      return {
        org: String(name),
        streams: this.#count('SELECT count(*) AS n FROM stream WHERE org = ?', String(name)),
        sessions: this.#count(
          "SELECT count(DISTINCT session) AS n FROM event WHERE org = ? AND session <> ''",
          Number(n),
        ),
        turns: sums.turns,
        inputTokens: sums.inputTokens,
        outputTokens: sums.outputTokens,
        features: sums.features,
        costUsd: sums.costUsd,
        summaries: this.#count('SELECT count(*) AS n FROM summary WHERE org = ?', Number(n)),
        newestSummary: textOrNull(newest['json']),
      };
    });
  }

  session(org: string, sessionId: string): StoredEvent[] {
    return this.#all(
      `SELECT stream.name AS stream, seq, id, json FROM event JOIN stream ON stream.n = event.stream
       WHERE event.org = ${OF_ORG} AND session = ? ORDER BY event.stream, seq, event.n`,
      org,
      sessionId,
    ).map(eventOf);
  }

  events({ org, stream, afterSeq, limit }: Parameters<AggregateStore['events']>[0]): StoredEvent[] {
    return this.#all(
      `SELECT ? AS stream, seq, id, json FROM event
       WHERE stream = (SELECT n FROM stream WHERE org = ? AND name = ?) AND seq > ? ORDER BY seq, n LIMIT ?`,
      stream,
      org,
      stream,
      afterSeq,
      limit,
    ).map(eventOf);
  }

  streams(org: string): StreamState[] {
    return this.#all('SELECT n, name FROM stream WHERE org = ? ORDER BY n', org).map(({ n, name }) => {
      const ranges = this.#all('SELECT first, last FROM stream_range WHERE stream = ? ORDER BY first', Number(n)).map(
        ({ first, last }) => ({ first: Number(first), last: Number(last) }),
      );
      return {
        stream: String(name),
        ackedSeq: unbrokenUpTo(ranges),
        missing: gaps(ranges),
        events: this.#count('SELECT count(*) AS n FROM event WHERE stream = ?', Number(n)),
        summaries: this.#count('SELECT count(*) AS n FROM summary WHERE stream = ?', Number(n)),
      };
    });
  }

  contributions(fromTs: number, toTs: number): Contribution[] {
    return this.#all(
      `SELECT org.name AS org, stream.name AS stream, json FROM summary
       JOIN org ON org.n = summary.org JOIN stream ON stream.n = summary.stream
       WHERE summary.n IN (SELECT max(n) FROM summary
         WHERE community = 1 AND generated_ts >= ? AND generated_ts < ? GROUP BY stream)`,
      fromTs,
      toTs,
    ).map(({ org, stream, json }) => ({ org: String(org), stream: String(stream), json: String(json) }));
  }

  publishedWeek(week: string): string | null {
    return textOrNull(this.#one('SELECT json FROM published_week WHERE week = ?', week)['json']);
  }

  #all(sql: string, ...values: (string | number | null)[]): SqlRow[] {
    return this.#prepared(sql).all(...values);
  }

  #one(sql: string, ...values: (string | number)[]): SqlRow {
    return this.#prepared(sql).get(...values) ?? {};
  }

  #count(sql: string, value: string | number): number {
    return Number(this.#one(sql, value)['n']);
  }

  #prepared(sql: string): Statement {
    const known = this.#statements.get(sql) ?? this.#db.prepare(sql);
    this.#statements.set(sql, known);
    return known;
  }
}

function sumsOf(row: SqlRow): Omit<SumRow, 'startTs'> {
  return {
    model: String(row['model']),
    turns: Number(row['turns']),
    inputTokens: Number(row['input_tokens']),
    outputTokens: Number(row['output_tokens']),
    cacheWriteTokens: Number(row['cache_write_tokens']),
    cacheReadTokens: Number(row['cache_read_tokens']),
    dirtyS: Number(row['dirty_s']),
    streamS: Number(row['stream_s']),
    features: Number(row['features']),
    costUsd: typeof row['cost_usd'] === 'number' ? row['cost_usd'] : null,
  };
}

function eventOf({ stream, seq, id, json }: SqlRow): StoredEvent {
  return { stream: String(stream), seq: Number(seq), id: String(id), json: textOrNull(json) };
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
