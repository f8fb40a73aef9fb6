import { describe, expect, it } from 'vitest';
import { WindowTrack } from './window-track.ts';
import type { PlanWindow } from './zai-quota.ts';

const ENDS_TS = 1_768_392_000;

function at(used: number, part: Partial<PlanWindow> = {}): PlanWindow {
  return { meter: 'zai-5h', type: 'TOKENS_LIMIT', used, isExact: true, resetsTs: ENDS_TS, ...part };
}

describe('WindowTrack', () => {
  it('closes a pair at each rise, and gives a late rise to the request it came from', () => {
    const track = new WindowTrack(at(0.1));
    for (const used of [0.1, 0.12, 0.14]) track.read(at(used), 200, false);
    track.read(at(0.16), 0, false);
    expect(track.pairs).toEqual([
      { tokens: 400, moved: expect.closeTo(0.02) },
      { tokens: 200, moved: expect.closeTo(0.04) },
    ]);
    expect(track.discarded).toBe(0);
  });

  it('counts whole percents from the first rise on, unless that is a large one', () => {
    const coarse = { isExact: false };
    const small = new WindowTrack(at(0.1, coarse));
    for (const used of [0.1, 0.11, 0.11, 0.12]) small.read(at(used, coarse), 200, false);
    expect(small.pairs).toEqual([{ tokens: 400, moved: expect.closeTo(0.01) }]);
    const large = new WindowTrack(at(0.1, coarse));
    large.read(at(0.15, coarse), 900, false);
    expect(large.pairs).toHaveLength(1);
  });

  it('begins anew where the meter fell, its window ended, or others used the lane', () => {
    const track = new WindowTrack(at(0.5, { resetsTs: null }));
    track.read(at(0.52), 200, false);
    track.read(at(0.4), 200, false);
    track.read(at(0.42, { resetsTs: ENDS_TS + 18_000 }), 200, false);
    track.read(at(0.42, { resetsTs: ENDS_TS + 18_000 }), 200, true);
    track.read(at(0.44, { resetsTs: ENDS_TS + 18_000 }), 200, false);
    track.read(at(0.46, { resetsTs: ENDS_TS + 18_000 }), 200, false);
    expect(track.discarded).toBe(3);
    expect(track.pairs).toEqual([
      { tokens: 200, moved: expect.closeTo(0.02) },
      { tokens: 200, moved: expect.closeTo(0.02) },
    ]);
  });
});
