import type { Reading } from '../../reading.ts';

/** Resets of one window are told with jitter of minutes; those of two windows are hours apart. */
export const SAME_WINDOW_MS = 5 * 60_000;

/** Epoch ms of an ISO time; null: absent, or no time. */
export function toMs(at: string | null | undefined): number | null {
  const ms = typeof at === 'string' ? Date.parse(at) : Number.NaN;
  return Number.isNaN(ms) ? null : ms;
}

/** Whether two resets (epoch ms) end the same window. */
export function isSameReset(aMs: number, bMs: number): boolean {
  return Math.abs(aMs - bMs) <= SAME_WINDOW_MS;
}

/** A reset to 5 minutes (ISO), the form in which it names a window; null: not known. */
export function resetName(resetsAt: string | null | undefined): string | null {
  const ms = toMs(resetsAt);
  return ms === null ? null : new Date(Math.round(ms / SAME_WINDOW_MS) * SAME_WINDOW_MS).toISOString();
}

/** What tells one meter from another. */
export interface MeterKey {
  readonly provider: string;
  /** Hash of the account; null: not known. */
  readonly account: string | null;
  /** Told apart only where one provider without a known account is reached over several lanes; else null. */
  readonly lane: string | null;
  readonly scope: string;
  readonly window_min: number | null;
}

/** One window of one meter. */
export interface WindowIdentity extends MeterKey {
  /** `resetName` of its end; null: not known. */
  readonly reset: string | null;
}

/** When the window that a reading describes has ended for sure (epoch ms); null: that can't be said. */
export function endsMs({ resets_at, observed_at, window_min }: Reading): number | null {
  const resets = toMs(resets_at);
  if (resets !== null) return resets;
  // A window of fixed length that held the observation is over one length later.
  const observed = toMs(observed_at);
  return observed === null || window_min === null || window_min === undefined ? null : observed + window_min * 60_000;
}
