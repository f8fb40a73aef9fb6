import type { Reading } from '../../reading.ts';
import { toMs } from '../meters/identity.ts';
import type { MeterTrack, Range } from './history.ts';
import { HORIZON_S } from './turn-log.ts';

/** Readings of the vendors' bars, by bar. */
export interface MeterLog {
  readonly add: (reading: Reading) => void;
  /** Bars that were read in the range, each span by its last reading; a bar's readings from several sources are one track. */
  tracks(range: Range, provider: string | null): readonly MeterTrack[];
  providers(): readonly string[];
  prune(nowTs: number): void;
  clear(): void;
}

interface Point {
  readonly ts: number;
  readonly used_pp: number;
  readonly source: string;
  readonly resets_at: string | null;
}

interface Track {
  readonly of: Omit<MeterTrack, 'points'>;
  points: Point[];
  isSorted: boolean;
}

export function openMeterLog(): MeterLog {
  const all = new Map<string, Track>();
  return {
    add: ({ provider, account = null, lane = null, scope = 'all', window_min: minutes = null, ...reading }) => {
      const ms = toMs(reading.observed_at);
      if (ms === null || typeof reading.used_pp !== 'number' || scope === 'overage') return;
      const name = JSON.stringify([provider, account, lane, scope, minutes]);
      let track = all.get(name);
      if (track === undefined)
        all.set(
          name,
          (track = { of: { provider, account, lane, scope, window_min: minutes }, points: [], isSorted: true }),
        );
      const { used_pp: used, source, resets_at: resets = null } = reading;
      const last = track.points.at(-1);
      // Seen again: the same reading, by a later look or from the journal.
      if (last?.ts === ms / 1000 && last.used_pp === used) return;
      track.isSorted &&= last === undefined || last.ts <= ms / 1000;
      track.points.push({ ts: ms / 1000, used_pp: used, source, resets_at: resets });
    },
    tracks: ({ since_ts: since, until_ts: until, step_s: step }, provider) =>
      bars([...all.values()]).flatMap(({ of, tracks }) => {
        if (provider !== null && of.provider !== provider) return [];
        const spans = new Map<number, Point>();
        for (const point of merged(tracks))
          if (point.ts >= since && point.ts < until) spans.set(Math.floor(point.ts / step), point);
        return spans.size === 0 ? [] : [{ ...of, points: [...spans.values()] }];
      }),
    providers: () => [...new Set([...all.values()].map(({ of }) => of.provider))],
    prune: (nowTs) => {
      for (const track of all.values()) track.points = track.points.filter(({ ts }) => ts >= nowTs - HORIZON_S);
    },
    clear: () => all.clear(),
  };
}

interface Bar {
  readonly of: Track['of'];
  readonly tracks: readonly Track[];
}

/**
 * Lanes of one provider without a known account may be several accounts, so each has its bars; a provider with one lane
 * has one bar, whoever read it.
 */
function bars(all: readonly Track[]): readonly Bar[] {
  const lanes = new Map<string, Set<string>>();
  for (const { of } of all)
    if (of.account === null && of.lane !== null)
      lanes.set(of.provider, (lanes.get(of.provider) ?? new Set()).add(of.lane));
  const found = new Map<string, { of: Track['of']; tracks: Track[] }>();
  for (const track of all) {
    const { provider, account, lane, scope, window_min: minutes } = track.of;
    const own = account === null && (lanes.get(provider)?.size ?? 0) > 1 ? lane : null;
    const name = JSON.stringify([provider, account, own, scope, minutes]);
    const bar = found.get(name) ?? { of: { ...track.of, lane: own }, tracks: [] };
    bar.tracks.push(track);
    found.set(name, bar);
  }
  return [...found.values()];
}

/** The points of some tracks, oldest first. */
function merged(tracks: readonly Track[]): readonly Point[] {
  for (const track of tracks) {
    if (!track.isSorted) track.points = track.points.toSorted(byTime);
    track.isSorted = true;
  }
  const [only] = tracks;
  return tracks.length === 1 && only !== undefined
    ? only.points
    : tracks.flatMap(({ points }) => points).toSorted(byTime);
}

function byTime(a: Point, b: Point): number {
  return a.ts - b.ts;
}
