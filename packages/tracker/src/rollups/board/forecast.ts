import type { Reading } from '../../reading.ts';
import { criticalT } from '../estimators/student-t.ts';
import { isSameReset, toMs } from '../meters/identity.ts';
import type { Forecast } from './board.ts';

/** With fewer slices, how much they differ says nothing. */
const MIN_SLICES = 4;
const MAX_SLICES = 40;
const LEVEL = 0.8;
/** Bars are told in whole points, so that a difference of two is known to one. */
const RESOLUTION_PP = 1;

/**
 * Where a bar may stand at its reset. The part of the window that passed is cut into as many slices as have a reading
 * each: between readings a bar is taken to move evenly, and slices cut from one such stretch would only seem to agree.
 * What each took, m on average with deviation s over n slices, goes on for the k slices left:
 * now + k·m ± t(n−1)·s·√(k + k²/n), the prediction interval of a sum, and never less than ± 1 pp. Never below now. Null:
 * no reset or length is known, too few readings, or nothing is left of the window.
 */
export function forecastOf(best: Reading, readings: readonly Reading[], nowTs: number): Forecast | null {
  const resetMs = toMs(best.resets_at);
  const lengthMs = (best.window_min ?? 0) * 60_000;
  const used = best.used_pp ?? null;
  if (resetMs === null || lengthMs <= 0 || used === null) return null;
  const startMs = resetMs - lengthMs;
  const track = trackOf(best, readings, resetMs, startMs);
  const passedMs = nowTs * 1000 - startMs;
  const n = readSlices(track, startMs, passedMs);
  const sliceMs = passedMs / n;
  const left = (resetMs - nowTs * 1000) / sliceMs;
  if (n < MIN_SLICES || !(left > 0 && sliceMs > 0)) return null;
  const taken = Array.from({ length: n }, (_, at) => {
    const from = startMs + at * sliceMs;
    return heightAt(track, from + sliceMs) - heightAt(track, from);
  });
  const mean = taken.reduce((sum, one) => sum + one, 0) / n;
  const variance = taken.reduce((sum, one) => sum + (one - mean) ** 2, 0) / (n - 1);
  const spread = criticalT(LEVEL, n - 1) * Math.sqrt(variance * (left + left ** 2 / n));
  const half = Math.max(RESOLUTION_PP, spread);
  const mid = used + left * mean;
  return { low_pp: Math.max(used, mid - half), mid_pp: mid, high_pp: mid + half };
}

/** The most slices of the time passed that all hold a reading; 0: there are too few. */
function readSlices(track: readonly Point[], startMs: number, passedMs: number): number {
  const read = track.slice(1);
  for (let n = Math.min(MAX_SLICES, read.length); n >= MIN_SLICES; n--) {
    const held = new Set(read.map(({ ms }) => Math.min(n - 1, Math.floor(((ms - startMs) / passedMs) * n))));
    if (held.size === n) return n;
  }
  return 0;
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
    const last = points.at(-1);
    if (last?.ms === ms) points.pop();
    points.push({ ms, pp: Math.max(pp, last?.pp ?? 0) });
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
