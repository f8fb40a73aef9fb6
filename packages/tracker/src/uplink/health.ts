import type { QueueStatus } from './queue.ts';
import type { UplinkState } from './uplink-state.ts';

/** How the way to the aggregator is, as Prometheus text: for a file that a collector reads. */
export function healthText(state: UplinkState, queue: QueueStatus, nowMs: number): string {
  const age = (at: string | null): number | null => (at === null ? null : Math.max(0, (nowMs - Date.parse(at)) / 1000));
  const lost = state.lost.reduce((sum, { first, last }) => sum + last - first + 1, 0);
  return [
    family('ccp_uplink_pending_rows', 'gauge', 'Rows that wait to be sent.', queue.pending),
    family('ccp_uplink_queue_bytes', 'gauge', 'Size of the queue file.', queue.bytes),
    family('ccp_uplink_queue_limit_bytes', 'gauge', 'Size beyond which nothing is added.', queue.maxBytes),
    family('ccp_uplink_oldest_pending_age_seconds', 'gauge', 'Age of the oldest row that waits.', age(queue.oldestAt)),
    family('ccp_uplink_sent_rows_total', 'counter', 'Rows acknowledged by the aggregator.', state.sent_total),
    family('ccp_uplink_rejected_rows_total', 'counter', 'Rows the aggregator will never take.', state.rejected_total),
    family('ccp_uplink_retries_total', 'counter', 'Requests that were repeated.', state.retries_total),
    family('ccp_uplink_lost_rows', 'gauge', 'Numbers the aggregator misses and the queue no longer has.', lost),
    family(
      'ccp_uplink_last_success_age_seconds',
      'gauge',
      'Time since the last acknowledgement.',
      age(state.last_ok_at),
    ),
    family('ccp_uplink_ok', 'gauge', 'Whether the last request was taken.', state.last_problem === null ? 1 : 0),
  ].join('');
}

/** Absent where there is no value: no age is not an age of 0. */
function family(name: string, type: string, help: string, value: number | null): string {
  return value === null ? '' : `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${name} ${value}\n`;
}
