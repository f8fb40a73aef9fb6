import type { UsageRollups, UsageSamples } from '@ccp/contracts';
import type { ModelRollup, RollupQuery, SampleQuery } from '../store/db/read-store.ts';
import type { Sample } from '../store/db/sample.ts';
import { failure, type Failure } from '../failure.ts';

/** Reads what is in the database; throws when it can't be read. */
export interface HistoryReaders {
  readonly nowTs: () => number;
  /** The row written last; 0: none. */
  readonly newestRow: () => number;
  readonly samples: (query: SampleQuery) => readonly Sample[];
  readonly rollups: (query: RollupQuery) => readonly ModelRollup[];
  readonly toSample: (sample: Sample) => UsageSamples['models'][string][number];
}

/** A query parameter, or undefined. */
export type Query = (name: string) => string | undefined;

const HOUR_S = 3_600;
const DAY_S = 86_400;
const MOST_ROWS = 10_000;
const ROWS = 1_000;

/** `GET /v1/usage/samples?since&written_after&model&limit&cursor`: finished turns, oldest first. */
export function samplesAnswer(query: Query, readers: HistoryReaders): UsageSamples | Failure {
  const nowTs = readers.nowTs();
  const since = readSince(query, nowTs - HOUR_S, nowTs);
  const limit = readLimit(query);
  const after = readCursor(query);
  const writtenAfter = readWrittenAfter(query);
  for (const part of [since, limit, after, writtenAfter]) if (isFailure(part)) return part;
  const wanted = limit as number;
  // Before the rows: one that is written meanwhile is listed twice rather than never.
  const writtenTo = readers.newestRow();
  const found = readers.samples({
    sinceTs: since as number,
    model: query('model') ?? null,
    limit: wanted + 1,
    after: after as SampleQuery['after'],
    lane: query('lane') ?? null,
    writtenAfter: writtenAfter as number | null,
  });
  const page = found.slice(0, wanted);
  const last = found.length > wanted ? page.at(-1) : undefined;
  return {
    models: grouped(page, (sample) => sample.model, readers.toSample),
    ts: nowTs,
    written_to: writtenTo,
    next_since: last?.ts ?? null,
    next_cursor: last === undefined ? null : cursorOf(last.ts, last.rid),
  };
}

/** `GET /v1/usage/rollups?granularity=hour|day&since&model&limit&cursor`: sums, the current hour and day included. */
export function rollupsAnswer(query: Query, readers: HistoryReaders): UsageRollups | Failure {
  const nowTs = readers.nowTs();
  const granularity = query('granularity') ?? 'hour';
  if (granularity !== 'hour' && granularity !== 'day') return bad(`granularity is "${granularity}"; use hour or day.`);
  const since = readSince(query, nowTs - DAY_S, nowTs);
  const limit = readLimit(query);
  const after = readCursor(query);
  for (const part of [since, limit, after]) if (isFailure(part)) return part;
  const wanted = limit as number;
  const position = after as SampleQuery['after'];
  const found = readers.rollups({
    granularity,
    sinceTs: since as number,
    model: query('model') ?? null,
    limit: wanted + 1,
    after: position === null ? null : { windowStart: position.ts, model: position.rid },
  });
  const page = found.slice(0, wanted);
  const last = found.length > wanted ? page.at(-1) : undefined;
  return {
    granularity,
    models: grouped(
      page,
      ({ model }) => model,
      ({ row }) => row,
    ),
    ts: nowTs,
    next_cursor: last === undefined ? null : cursorOf(last.row.window_start, last.model),
  };
}

function grouped<Row, Value>(
  rows: readonly Row[],
  nameOf: (row: Row) => string,
  valueOf: (row: Row) => Value,
): Record<string, Value[]> {
  const byName = new Map<string, Value[]>();
  for (const row of rows) {
    const name = nameOf(row);
    const known = byName.get(name);
    if (known === undefined) byName.set(name, [valueOf(row)]);
    else known.push(valueOf(row));
  }
  return Object.fromEntries(byName);
}

/** Epoch seconds, an ISO time, or a time ago such as -2h. */
function readSince(query: Query, fallback: number, nowTs: number): number | Failure {
  const text = query('since');
  if (text === undefined) return fallback;
  const ago = /^-(\d+(?:\.\d+)?)(s|m|h|d)$/.exec(text);
  if (ago !== null) return Math.max(0, nowTs - Number(ago[1]) * (AGO_S[ago[2] ?? ''] ?? 0));
  const seconds = /^\d+(\.\d+)?$/.test(text) ? Number(text) : isoTs(text);
  return Number.isFinite(seconds) && seconds >= 0
    ? seconds
    : bad(`since is "${text}"; write epoch seconds, an ISO 8601 time, or a time ago such as -2h.`);
}

const AGO_S: Readonly<Record<string, number>> = { s: 1, m: 60, h: HOUR_S, d: DAY_S };

function isoTs(text: string): number {
  return /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) / 1000 : NaN;
}

function readWrittenAfter(query: Query): number | null | Failure {
  const text = query('written_after');
  if (text === undefined) return null;
  const value = Number(text);
  return /^\d+$/.test(text) && Number.isSafeInteger(value)
    ? value
    : bad(`written_after is "${text}"; take it from written_to of an earlier answer, or leave it out.`);
}

function readLimit(query: Query): number | Failure {
  const text = query('limit');
  if (text === undefined) return ROWS;
  const value = Number(text);
  return Number.isInteger(value) && value >= 1 && value <= MOST_ROWS
    ? value
    : bad(`limit is "${text}"; write a whole number from 1 to ${MOST_ROWS}.`);
}

/** Opaque to clients: where the page before ended. */
function cursorOf(ts: number, name: string): string {
  return Buffer.from(JSON.stringify([ts, name])).toString('base64url');
}

function readCursor(query: Query): SampleQuery['after'] | Failure {
  const text = query('cursor');
  if (text === undefined) return null;
  try {
    const [ts, rid] = JSON.parse(Buffer.from(text, 'base64url').toString()) as unknown[];
    if (typeof ts === 'number' && Number.isFinite(ts) && typeof rid === 'string') return { ts, rid };
  } catch {
    // Said below.
  }
  return bad('cursor is not one of ours; take it from next_cursor, or leave it out to begin anew.');
}

function bad(message: string): Failure {
  return failure('bad_query', message);
}

function isFailure(value: unknown): value is Failure {
  return typeof value === 'object' && value !== null && 'code' in value;
}
