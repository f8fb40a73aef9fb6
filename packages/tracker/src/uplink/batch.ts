import type { EventUpload } from '@ccp/contracts';
import type { QueueRow, EventBody } from './queue-row.ts';

/** Events that go into one request. */
export const MOST_EVENTS = 500;
const MOST_BYTES = 1024 * 1024;

/** A request, to the byte; its compression and the key come on the way. */
export interface Batch {
  readonly path: '/v1/events' | '/v1/metrics';
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly rows: readonly QueueRow[];
}

/** The next rows that may go together: one summary, or events of one stream. Null: there are none. */
export function nextBatch(pending: Iterable<QueueRow>, most = MOST_EVENTS): Batch | null {
  const rows: QueueRow[] = [];
  let bytes = 0;
  for (const row of pending) {
    const [first] = rows;
    if (first !== undefined && (row.route !== 'events' || row.stream !== first.stream)) break;
    bytes += JSON.stringify(row.body).length;
    if (first !== undefined && bytes > MOST_BYTES) break;
    rows.push(row);
    if (row.route === 'metrics' || rows.length === most) break;
  }
  const [first] = rows;
  return first === undefined ? null : batchOf(first, rows);
}

function batchOf(first: QueueRow, rows: readonly QueueRow[]): Batch {
  if (first.route === 'metrics') {
    // The body is the summary and nothing else; what makes it count once stands beside it.
    const headers = {
      'idempotency-key': first.id,
      'x-ccp-stream': first.stream,
      'x-ccp-seq': String(first.seq),
      'x-ccp-tier': first.tier,
    };
    return { path: '/v1/metrics', headers, body: JSON.stringify(first.body), rows };
  }
  const events = rows.map(({ seq, id, body }) => ({ seq, id, ...(body as EventBody) }));
  const upload = { upload_schema: 'v1', stream: first.stream, events } as unknown as EventUpload;
  return { path: '/v1/events', headers: { 'x-ccp-tier': 'full' }, body: JSON.stringify(upload), rows };
}
