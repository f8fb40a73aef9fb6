import type { Reading } from '../../reading.ts';
import { toMs } from './identity.ts';

/** How the use of a window compares with its time. Null: the reading does not tell its length, its end or its share. */
export interface Pace {
  /** Share of the window that has passed now, 0 to 1. */
  readonly elapsed: number | null;
  /** Percentage points an even use would have taken by now. */
  readonly expected_pp: number | null;
  /** Used minus expected, both at the moment of the reading; positive: faster than even. */
  readonly ahead_pp: number | null;
  /** Used per expected at the moment of the reading; 1 is even. Null also in the first hundredth of the window. */
  readonly pace: number | null;
  /** Seconds until the reset. */
  readonly resets_in_s: number | null;
}

/** Before that, one request makes any pace. */
const TOO_EARLY = 0.01;

/** Where a reading stands against the time of its window. `nowTs` is epoch seconds. */
export function paceOf(reading: Reading, nowTs: number): Pace {
  const resetsMs = toMs(reading.resets_at);
  const resetsIn = resetsMs === null ? null : resetsMs / 1000 - nowTs;
  // A window that is over has no pace.
  if (resetsMs === null || resetsIn === null || resetsIn <= 0) return { ...UNKNOWN };
  const seconds = (reading.window_min ?? 0) * 60;
  if (seconds <= 0) return { ...UNKNOWN, resets_in_s: resetsIn };
  const elapsedAt = (ts: number): number => Math.min(1, Math.max(0, 1 - (resetsMs / 1000 - ts) / seconds));
  const elapsed = elapsedAt(nowTs);
  const known = { elapsed, expected_pp: elapsed * 100, resets_in_s: resetsIn };
  const observedMs = toMs(reading.observed_at);
  const used = reading.used_pp ?? null;
  if (used === null || observedMs === null) return { ...known, ahead_pp: null, pace: null };
  // The reading's own moment: an old reading against the time of now would look slower than it was.
  const then = elapsedAt(observedMs / 1000);
  return { ...known, ahead_pp: used - then * 100, pace: then < TOO_EARLY ? null : used / (then * 100) };
}

const UNKNOWN: Pace = { elapsed: null, expected_pp: null, ahead_pp: null, pace: null, resets_in_s: null };
