import { createHash } from 'node:crypto';

/** What tells one turn from another. */
export interface TurnIdentity {
  /** Empty: the writer gave none. */
  readonly rid: string;
  /** When it ended, epoch seconds. */
  readonly ts: number;
  readonly model: string;
  readonly lane: string;
  readonly latencyMs: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/**
 * The key under which a turn of the shim is known, however it reached us (polled, from a log, from a database): its
 * request id and the millisecond it ended in; without a request id a hash of what it did and the minute.
 */
export function turnKey({ rid, ts, model, lane, latencyMs, inputTokens, outputTokens }: TurnIdentity): string {
  if (rid !== '') return `${rid}@${Math.floor(ts * 1000)}`;
  const parts = [model, lane, Math.round(latencyMs), inputTokens, outputTokens, Math.floor(ts / 60)];
  return `h:${createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 24)}`;
}
