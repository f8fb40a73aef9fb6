import type { MetricsSummary } from '@ccp/contracts';
import type { Outcome } from './problem.ts';
import type { Destination } from './uplink/post.ts';
import type { Sent } from './uplink/send.ts';
import type { Uplink } from './uplink/uplink.ts';

export interface UploadParts {
  readonly uplink: Uplink;
  readonly destination: () => Outcome<Destination>;
  readonly summary: MetricsSummary;
  readonly forMs: number;
  readonly signal?: AbortSignal;
  /** `start`: every event of the journals again; the aggregator counts each once. */
  readonly from?: 'cursor' | 'start';
}

/**
 * Queues what is new, as far as tier and license let it leave, and sends what waits. A queue without room is a problem of
 * the result: what is in it is sent first, and the rest is in the journals.
 */
export async function uploadNow(parts: UploadParts): Promise<Outcome<Sent>> {
  const { uplink, summary, forMs, signal = new AbortController().signal, from = 'cursor' } = parts;
  const allowed = uplink.allowed();
  if (!allowed.ok) return allowed;
  const destination = parts.destination();
  if (!destination.ok) return destination;
  const untilMs = Date.now() + forMs;
  const events = await uplink.feed(from);
  const queued = await uplink.feedSummary(summary);
  const sent = await uplink.send(destination.value, forMs, signal);
  if (!sent.ok) return sent;
  const refused = [events, queued].flatMap((outcome) => (outcome.ok ? outcome.value.notes : [outcome.problem]));
  const wasFull = refused.some(({ code }) => code === 'queue-full');
  if (wasFull && sent.value.pending === 0 && sent.value.sent > 0 && Date.now() < untilMs && !signal.aborted) {
    const rest = await uploadNow({ ...parts, from: 'cursor', forMs: untilMs - Date.now() });
    return rest.ok ? { ok: true, value: sumOf(sent.value, rest.value) } : rest;
  }
  return { ok: true, value: { ...sent.value, problems: [...refused, ...sent.value.problems] } };
}

function sumOf(first: Sent, rest: Sent): Sent {
  return {
    sent: first.sent + rest.sent,
    duplicates: first.duplicates + rest.duplicates,
    rejected: first.rejected + rest.rejected,
    retries: first.retries + rest.retries,
    pending: rest.pending,
    problems: [...first.problems, ...rest.problems],
  };
}
