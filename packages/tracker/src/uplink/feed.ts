import { createHash, createHmac } from 'node:crypto';
import { fullEvent, fullSummary, hashName, minimizedSummary } from '@ccp/contracts';
import type { MetricsSummary, PrivacyTier, RedactOptions, TrackerEvent } from '@ccp/contracts';
import type { Cursor, Followed } from '../events/cursor.ts';
import type { Outcome, Problem } from '../problem.ts';
import type { Addition, Queue } from './queue.ts';
import type { Tail } from './queue-file.ts';
import type { Outgoing } from './queue-row.ts';

/** A row of the journal of events. Rows of other kinds stand in the same file. */
export type JournalRow = { readonly kind: string };

export interface EventFeed {
  /** What was added to the journal since a cursor. */
  readonly follow: (cursor: Cursor | null) => Outcome<Followed<JournalRow>>;
  /** Events from before do not leave, epoch milliseconds. */
  readonly sinceMs: number;
  /** Tier under which a session was begun; undefined: it is not known. */
  readonly tierOfSession: (id: string) => PrivacyTier | undefined;
  readonly redaction: RedactOptions;
}

export interface Fed {
  readonly queued: number;
  readonly notes: readonly Problem[];
}

/** Rows that are added under one lock, and in one piece: what has no room any more stays in the journal. */
const AT_ONCE = 1_000;

/**
 * Takes the events of the journal that are not in the queue yet. How far it has come stands in the queue's own rows, so an
 * event can be cut off on its way in but neither left out nor, whatever is stopped when, counted twice.
 */
export async function feedEvents(
  queue: Queue,
  feed: EventFeed,
  from: 'cursor' | 'start' = 'cursor',
): Promise<Outcome<Fed>> {
  const notes: Problem[] = [];
  let queued = 0;
  let begin = from;
  for (let isFull = true; isFull;) {
    const added = await queue.add((tail) => {
      const taken = takeSome(feed, begin === 'start' ? BEGINNING : tail, notes);
      if (!taken.ok) return taken;
      begin = 'cursor';
      isFull = taken.value.rows.length === AT_ONCE;
      return taken;
    });
    if (!added.ok) return added;
    queued += added.value;
  }
  return { ok: true, value: { queued, notes } };
}

const BEGINNING = { cursor: null, idsSinceCursor: new Set<string>() };

function takeSome(
  feed: EventFeed,
  { cursor, idsSinceCursor }: Pick<Tail, 'cursor' | 'idsSinceCursor'>,
  notes: Problem[],
): Outcome<Addition> {
  const followed = feed.follow(cursor);
  if (!followed.ok) return followed;
  const { restarted, cursor: end } = followed.value;
  // A row that is taken back makes its reader begin anew. What has been sent has been sent: only later rows are new here.
  const seenLines = restarted === 'taken-back' ? (cursor?.lines ?? 0) : 0;
  const rows: Outgoing[] = [];
  for (const found of followed.value.rows) {
    if (!found.ok) {
      notes.push(found.problem);
      continue;
    }
    const { row, line, span } = found.value;
    const event = line <= seenLines ? null : mayLeave(row, feed);
    const one = event === null ? null : outgoing(event, feed.redaction);
    if (one === null || idsSinceCursor.has(one.id)) continue;
    rows.push(one);
    if (rows.length === AT_ONCE && end !== null)
      return { ok: true, value: { rows, cursor: { ...end, offset: span.to + 1, lines: line } } };
  }
  const isNew = end !== null && end.offset !== cursor?.offset;
  return { ok: true, value: { rows, ...(isNew && { cursor: end }) } };
}

const EVENT_KINDS = new Set(['session', 'turn', 'session_end']);

/** The event of a row, if it may leave. */
function mayLeave(row: JournalRow, { sinceMs, tierOfSession }: EventFeed): TrackerEvent | null {
  if (!EVENT_KINDS.has(row.kind)) return null;
  const event = row as TrackerEvent;
  // Without a time nobody knows whether it was written before the user agreed.
  if (!(Date.parse(event.captured_at ?? '') >= sinceMs)) return null;
  const own = event.session?.privacy_tier;
  const id = event.turn?.session_id ?? event.session_id ?? '';
  return (own ?? tierOfSession(id) ?? 'full') === 'full' ? event : null;
}

function outgoing(event: TrackerEvent, redaction: RedactOptions): Outgoing {
  const { value, redaction: said } = fullEvent(event, redaction);
  const id = value.event_id ?? value.dedupe_key ?? `h:${sha256(JSON.stringify(event)).slice(0, 32)}`;
  return { route: 'events', tier: 'full', id, body: { event: value, redaction: said } };
}

/** Takes the summary unless the newest one in the queue says the same. */
export async function feedSummary(
  queue: Queue,
  summary: MetricsSummary,
  tier: 'minimized' | 'full',
  redaction: RedactOptions,
): Promise<Outcome<Fed>> {
  const row = summaryRow(summary, tier, redaction);
  const added = await queue.add((tail) => ({ ok: true, value: { rows: tail.summaryId === row.id ? [] : [row] } }));
  return added.ok ? { ok: true, value: { queued: added.value, notes: [] } } : added;
}

export function summaryRow(summary: MetricsSummary, tier: 'minimized' | 'full', redaction: RedactOptions): Outgoing {
  const body = tier === 'minimized' ? minimizedSummary(summary) : inOrder(fullSummary(summary, redaction).value);
  return { route: 'metrics', tier, id: `summary:${sha256(JSON.stringify(body)).slice(0, 32)}`, body };
}

/** With sorted keys: the same summary has the same bytes, wherever it was read from. */
function inOrder<T>(value: T): T {
  if (Array.isArray(value)) return value.map(inOrder) as T;
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, inOrder(inner as unknown)])) as T;
}

/** Redaction with the hash key of this installation. */
export function redactionOf(hashKey: string, terms: readonly string[]): RedactOptions {
  const key = Buffer.from(hashKey, 'base64');
  return { hash: (text) => hashName(createHmac('sha256', key).update(text).digest('hex')), terms };
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
