import type { Database, Statement } from '../store/db/sqlite.ts';
import { gaps, unbrokenUpTo, withNumbers, type Range } from './ranges.ts';
import type { EventBatch, Kept, SummaryUpload, TurnSums } from './store.ts';

const HOUR_S = 3600;

/** The statements that write. Synchronous; the caller holds the transaction. */
export class UploadWriter {
  readonly #orgs: NameTable;
  readonly #streams: NameTable;
  readonly #ranges: Statement;
  readonly #putRange: Statement;
  readonly #dropRanges: Statement;
  readonly #insertEvent: Statement;
  readonly #insertSummary: Statement;
  readonly #addSums: Statement;

  constructor(db: Database) {
    this.#orgs = new NameTable(
      db.prepare('INSERT OR IGNORE INTO org (name) VALUES (?)'),
      db.prepare('SELECT n FROM org WHERE name = ?'),
    );
    this.#streams = new NameTable(
      db.prepare('INSERT OR IGNORE INTO stream (org, name) VALUES (?, ?)'),
      db.prepare('SELECT n FROM stream WHERE org = ? AND name = ?'),
    );
    this.#ranges = db.prepare('SELECT first, last FROM stream_range WHERE stream = ? ORDER BY first');
    this.#putRange = db.prepare('INSERT OR REPLACE INTO stream_range (stream, first, last) VALUES (?, ?, ?)');
    this.#dropRanges = db.prepare('DELETE FROM stream_range WHERE stream = ?');
    this.#insertEvent = db.prepare(
      `INSERT OR IGNORE INTO event (org, stream, seq, id, kind, session, received_ts, expires_ts, json)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#insertSummary = db.prepare(
      `INSERT OR IGNORE INTO summary (org, stream, seq, id, tier, community, generated_ts, received_ts, json)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#addSums = db.prepare(
      `INSERT INTO sum_hour VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (org, hour, model) DO UPDATE SET turns = turns + excluded.turns,
         input_tokens = input_tokens + excluded.input_tokens, output_tokens = output_tokens + excluded.output_tokens,
         cache_write_tokens = cache_write_tokens + excluded.cache_write_tokens,
         cache_read_tokens = cache_read_tokens + excluded.cache_read_tokens, dirty_s = dirty_s + excluded.dirty_s,
         stream_s = stream_s + excluded.stream_s, features = features + excluded.features,
         cost_usd = CASE WHEN excluded.cost_usd IS NULL THEN cost_usd
                         ELSE coalesce(cost_usd, 0) + excluded.cost_usd END`,
    );
  }

  events({ org, stream, entries, rejectedSeqs, expiresTs }: EventBatch, nowTs: number): Kept {
    const orgN = this.#orgs.numberOf(org);
    const streamN = this.#streams.numberOf(org, stream);
    const sums = new Sums();
    let accepted = 0;
    for (const { seq, id, kind, sessionId, json, turn } of entries) {
      const { changes } = this.#insertEvent.run(orgN, streamN, seq, id, kind, sessionId, nowTs, expiresTs, json);
      if (Number(changes) === 0) continue;
      accepted += 1;
      if (turn !== null) sums.add(turn);
    }
    for (const row of sums.rows()) this.#addSums.run(orgN, ...row);
    const ranges = this.#mark(streamN, [...entries.map(({ seq }) => seq), ...rejectedSeqs]);
    return keptOf(accepted, entries.length - accepted, ranges);
  }

  summary(upload: SummaryUpload, nowTs: number): Kept {
    const { org, stream, seq, id, tier, community, generatedTs, json } = upload;
    const orgN = this.#orgs.numberOf(org);
    const streamN = this.#streams.numberOf(org, stream);
    const flag = community ? 1 : 0;
    const accepted = Number(
      this.#insertSummary.run(orgN, streamN, seq, id, tier, flag, generatedTs, nowTs, json).changes,
    );
    return keptOf(accepted, 1 - accepted, this.#mark(streamN, [seq]));
  }

  #mark(stream: number, seqs: readonly number[]): Range[] {
    const before = this.#ranges.all(stream).map(({ first, last }) => ({ first: Number(first), last: Number(last) }));
    const after = withNumbers(before, seqs);
    const grew = after.length === before.length && after.every(({ first }, at) => first === before[at]?.first);
    if (!grew) this.#dropRanges.run(stream);
    for (const [at, { first, last }] of after.entries())
      if (!grew || before[at]?.last !== last) this.#putRange.run(stream, first, last);
    return after;
  }
}

function keptOf(accepted: number, duplicates: number, ranges: readonly Range[]): Kept {
  return { accepted, duplicates, ackedSeq: unbrokenUpTo(ranges), missing: gaps(ranges) };
}

/** Short numbers for names that come again with every request. */
class NameTable {
  readonly #insert: Statement;
  readonly #select: Statement;

  constructor(insert: Statement, select: Statement) {
    this.#insert = insert;
    this.#select = select;
  }

  numberOf(...names: string[]): number {
    const known = this.#select.get(...names)?.['n'];
    if (typeof known === 'number') return known;
    this.#insert.run(...names);
    return Number(this.#select.get(...names)?.['n']);
  }
}

type SumValues = readonly [
  number,
  string,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number | null,
];

/** What the new turns of a batch add, one row per hour and model. */
class Sums {
  readonly #rows = new Map<string, SumValues>();

  add(turn: TurnSums): void {
    const hour = Math.floor(turn.ts / HOUR_S);
    const key = `${hour} ${turn.model}`;
    const [, , turns, input, output, write, read, dirty, stream, features, cost] =
      this.#rows.get(key) ?? ([hour, turn.model, 0, 0, 0, 0, 0, 0, 0, 0, null] as const);
    this.#rows.set(key, [
      hour,
      turn.model,
      turns + 1,
      input + turn.inputTokens,
      output + turn.outputTokens,
      write + turn.cacheWriteTokens,
      read + turn.cacheReadTokens,
      dirty + turn.dirtyS,
      stream + turn.streamS,
      features + turn.features,
      turn.costUsd === null ? cost : (cost ?? 0) + turn.costUsd,
    ]);
  }

  rows(): Iterable<SumValues> {
    return this.#rows.values();
  }
}
