import type { MetricsSummary } from '@ccp/contracts';
import type { Outcome } from '../problem.ts';
import { nextBatch } from './batch.ts';
import type { Batch } from './batch.ts';
import { feedEvents, feedSummary } from './feed.ts';
import type { EventFeed } from './feed.ts';
import type { Queue } from './queue.ts';
import { tailOf } from './queue-file.ts';
import type { QueueRow } from './queue-row.ts';
import type { UplinkState } from './uplink-state.ts';

export interface Rehearsal {
  readonly queue: Queue;
  readonly state: UplinkState;
  readonly feed: EventFeed;
  readonly summary: MetricsSummary;
  readonly tier: 'minimized' | 'full';
}

/**
 * The requests the next upload would make, to the byte: through the same code, with a queue that only remembers. Rows that
 * wait already come as they are.
 */
export async function rehearse({ queue, state, feed, summary, tier }: Rehearsal): Promise<Outcome<readonly Batch[]>> {
  const waiting = [...queue.rows(state.acked_seq)];
  const trial = trialQueue(queue, state, waiting);
  const fed = tier === 'full' ? await feedEvents(trial, feed) : null;
  if (fed?.ok === false) return fed;
  const summed = await feedSummary(trial, summary, tier, feed.redaction);
  if (!summed.ok) return summed;
  const batches: Batch[] = [];
  for (let rest = waiting; rest.length > 0;) {
    const batch = nextBatch(rest);
    if (batch === null) break;
    batches.push(batch);
    rest = rest.slice(batch.rows.length);
  }
  return { ok: true, value: batches };
}

function trialQueue(queue: Queue, state: UplinkState, rows: QueueRow[]): Queue {
  let tail = tailOf(queue.file);
  return {
    ...queue,
    add: async (make) => {
      const made = make(tail);
      if (!made.ok) return made;
      const { rows: added, cursor } = made.value;
      const stream = tail.stream ?? state.stream;
      let seq = Math.max(tail.lastSeq, stream === state.stream ? state.acked_seq : 0);
      for (const row of added) rows.push({ seq: (seq += 1), stream, queued_at: '', ...row });
      const summary = added.findLast(({ route }) => route === 'metrics');
      tail = {
        stream,
        lastSeq: seq,
        cursor: cursor ?? tail.cursor,
        idsSinceCursor: cursor === undefined ? tail.idsSinceCursor : new Set(),
        summaryId: summary?.id ?? tail.summaryId,
      };
      return { ok: true, value: added.length };
    },
  };
}
