import type { Redaction, TrackerEvent } from '@ccp/contracts';
import type { Cursor } from '../events/cursor.ts';

/** What leaves of an event. */
export interface EventBody {
  readonly event: TrackerEvent;
  readonly redaction: Redaction;
}

/** Something that is to be sent, as it will be sent: what may leave was decided when it came in. */
export type Outgoing =
  | { readonly route: 'events'; readonly tier: 'full'; readonly id: string; readonly body: EventBody }
  | { readonly route: 'metrics'; readonly tier: 'minimized' | 'full'; readonly id: string; readonly body: object };

/** A line of the queue. `seq` counts within `stream`, without gaps. */
export type QueueRow = Outgoing & {
  readonly seq: number;
  readonly stream: string;
  /** ISO 8601. */
  readonly queued_at: string;
};

/** Says how far the journal has been looked through, where nothing of it was to be sent. */
export interface MarkRow {
  readonly mark: Cursor;
}

/** A line of the queue file. The cursor of an event row says that the journal was looked through up to and with it. */
export type QueueLine = (QueueRow & { readonly mark?: Cursor }) | MarkRow;

/** A line, or null: it is none of ours, such as one that was torn. */
export function parseQueueLine(bytes: Buffer): QueueLine | null {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8'));
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null) return null;
  const { seq, stream, id, route, body, mark, queued_at: at } = value as Partial<QueueRow & MarkRow>;
  if (seq === undefined) return typeof mark === 'object' ? (value as MarkRow) : null;
  const isRow =
    Number.isSafeInteger(seq) &&
    [stream, id, at].every((text) => typeof text === 'string') &&
    (route === 'events' || route === 'metrics') &&
    typeof body === 'object' &&
    body !== null;
  return isRow ? (value as QueueRow) : null;
}

export function isQueueRow(line: QueueLine): line is QueueRow & { readonly mark?: Cursor } {
  return 'seq' in line;
}
