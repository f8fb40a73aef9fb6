import type { Reading } from '../../reading.ts';
import { criticalT } from '../estimators/student-t.ts';
import { isSameReset, toMs } from '../meters/identity.ts';
import type { Forecast } from './board.ts';

/** Slices a window is cut into. */
const SLICES = 40;
/** With fewer slices passed, how much they differ says nothing. */
const MIN_SLICES = 4;
const LEVEL = 0.8;

/**
 * Where a bar may stand at its reset. The part of the window that passed is cut into slices; what each took, m on average
 * with deviation s over n slices, goes on for the k slices left: now + k·m ± t(n−1)·s·√(k + k²/n), the prediction interval
 * of a sum. Never below now. Null: no reset or length is known, the window is too young, or nothing is left of it.
 */
export function forecastOf(best: Reading, readings: readonly Reading[], nowTs: number): Forecast | null {
  const resetMs = toMs(best.resets_at);
  const lengthMs = (best.window_min ?? 0) * 60_000;
  const used = best.used_pp ?? null;
  if (resetMs === null || lengthMs <= 0 || used === null) return null;
  const startMs = resetMs - lengthMs;
  const sliceMs = lengthMs / SLICES;
  const passed = Math.min(SLICES, Math.floor((nowTs * 1000 - startMs) / sliceMs));
  const left = (resetMs - nowTs * 1000) / sliceMs;
  if (passed < MIN_SLICES || left <= 0) return null;
  const track = trackOf(best, readings, resetMs, startMs);
  const taken = Array.from({ length: passed }, (_, at) => {
    const from = startMs + at * sliceMs;
    return heightAt(track, from + sliceMs) - heightAt(track, from);
  });
  const mean = taken.reduce((sum, one) => sum + one, 0) / passed;
  const variance = taken.reduce((sum, one) => sum + (one - mean) ** 2, 0) / (passed - 1);
  const half = criticalT(LEVEL, passed - 1) * Math.sqrt(variance * (left + left ** 2 / passed));
  const mid = used + left * mean;
  return { low_pp: Math.max(used, mid - half), mid_pp: mid, high_pp: mid + half };
}

interface Point {
  readonly ms: number;
  readonly pp: number;
}

/** The bar over time, from 0 at the start of its window; never falling, for a bar does not fall within its window. */
function trackOf(best: Reading, readings: readonly Reading[], resetMs: number, startMs: number): readonly Point[] {
  const points: Point[] = [{ ms: startMs, pp: 0 }];
  const seen = [...readings, best].flatMap((reading): Point[] => {
    const [ms, pp, ends] = [toMs(reading.observed_at), reading.used_pp ?? null, toMs(reading.resets_at)];
    const isOfWindow = ends !== null && isSameReset(ends, resetMs) && ms !== null && ms >= startMs;
    return isOfWindow && pp !== null && isSameMeter(reading, best) ? [{ ms, pp }] : [];
  });
  for (const { ms, pp } of seen.toSorted((a, b) => a.ms - b.ms || a.pp - b.pp)) {
    points.push({ ms, pp: Math.max(pp, points.at(-1)?.pp ?? 0) });
  }
  return points;
}

/** Between two readings the bar is taken to move evenly; after the last one it stands. */
function heightAt(track: readonly Point[], ms: number): number {
  const next = track.findIndex((point) => point.ms > ms);
  if (next === -1) return track.at(-1)?.pp ?? 0;
  const [before, after] = [track[next - 1], track[next]];
  if (before === undefined || after === undefined) return 0;
  return before.pp + ((after.pp - before.pp) * (ms - before.ms)) / (after.ms - before.ms);
}

function isSameMeter(a: Reading, b: Reading): boolean {
  return (
    a.provider === b.provider &&
    (a.account ?? null) === (b.account ?? null) &&
    (a.scope ?? 'all') === (b.scope ?? 'all') &&
    (a.window_min ?? null) === (b.window_min ?? null) &&
    (a.source === b.source || (a.confidence ?? '') === (b.confidence ?? ''))
  );
}
