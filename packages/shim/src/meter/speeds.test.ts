import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { localHourIn } from './local-hour.ts';
import { SpeedBook, type SpeedSample, type SpeedView } from './speeds.ts';

const HOUR_S = 3600;
const DAY_S = 86_400;
const ROLLING_S = 18_000;
const WEEKLY_S = 604_800;
const NOW_TS = Date.UTC(2026, 0, 14, 12, 30) / 1000;

function sample(part: Partial<SpeedSample> = {}): SpeedSample {
  return { ts: NOW_TS, inputTokens: 200, outputTokens: 300, dirtyS: 60, streamS: null, ttftMs: null, ...part };
}

function bookOf(samples: readonly SpeedSample[], zone = 'UTC'): SpeedBook {
  const book = new SpeedBook(localHourIn(zone), zone);
  for (const one of samples) book.add(one);
  return book;
}

function viewOf(samples: readonly SpeedSample[], nowTs = NOW_TS): SpeedView {
  return bookOf(samples).view(nowTs, ROLLING_S, WEEKLY_S);
}

describe('SpeedBook', () => {
  it('agrees with the golden vector: 200 in, 300 out, 60 s', () => {
    const { rolling, session } = viewOf([sample()]);
    expect(rolling.out_dirty_tps).toBe(5);
    expect(rolling.total_dirty_tps).toBeCloseTo(8.33, 2);
    expect(rolling.in_dirty_tps).toBeCloseTo(3.33, 2);
    // Without a stream, its time is the wall time.
    expect(rolling.out_elr_tps).toBe(5);
    expect(session).toEqual(rolling);
  });

  it('divides sums, never averages ratios', () => {
    const { rolling } = viewOf([
      sample({ outputTokens: 1000, dirtyS: 10, streamS: 5 }),
      sample({ outputTokens: 10, dirtyS: 10, streamS: 10 }),
      sample({ outputTokens: 90, dirtyS: 5, streamS: 0 }),
    ]);
    expect(rolling.out_elr_tps).toBe(1100 / 20);
    expect(rolling.out_dirty_tps).toBe(1100 / 25);
  });

  it('sums whatever lies in the window', () => {
    const one = fc.record({
      agoS: fc.nat(20 * HOUR_S),
      inputTokens: fc.nat(100_000),
      outputTokens: fc.nat(30_000),
      dirtyS: fc.integer({ min: 1, max: 500 }),
      streamS: fc.option(fc.nat(400)),
    });
    fc.assert(
      fc.property(fc.array(one, { maxLength: 40 }), (spent) => {
        const samples = spent
          .toSorted((a, b) => b.agoS - a.agoS)
          .map(({ agoS, ...rest }) => sample({ ts: NOW_TS - agoS, ...rest }));
        const view = viewOf(samples);
        const inside = samples.filter(({ ts }) => Math.floor(ts / 60) * 60 + 60 > NOW_TS - ROLLING_S);
        const total = (pick: (sample: SpeedSample) => number): number => inside.reduce((sum, it) => sum + pick(it), 0);
        const streamS = total((it) => it.streamS || it.dirtyS);
        const dirtyS = total((it) => it.dirtyS);
        const rate = (tokens: number, seconds: number): number => (tokens > 0 && seconds > 0 ? tokens / seconds : 0);
        expect(view.rolling_samples).toBe(inside.length);
        expect(view.rolling.out_elr_tps).toBeCloseTo(
          rate(
            total((it) => it.outputTokens),
            streamS,
          ),
          6,
        );
        expect(view.rolling.in_dirty_tps).toBeCloseTo(
          rate(
            total((it) => it.inputTokens),
            dirtyS,
          ),
          6,
        );
        expect(view.rolling.total_dirty_tps).toBeCloseTo(
          rate(
            total((it) => it.inputTokens + it.outputTokens),
            dirtyS,
          ),
          6,
        );
        expect(view.weekly_samples).toBe(samples.length);
      }),
      { numRuns: 200 },
    );
  });

  it('forgets what left the window and keeps the session', () => {
    const book = bookOf([sample()]);
    expect(book.view(NOW_TS + ROLLING_S - 1, ROLLING_S, WEEKLY_S).rolling_samples).toBe(1);
    const later = book.view(NOW_TS + ROLLING_S + 60, ROLLING_S, WEEKLY_S);
    expect(later.rolling).toEqual({
      out_elr_tps: 0,
      out_dirty_tps: 0,
      in_elr_tps: 0,
      in_dirty_tps: 0,
      total_elr_tps: 0,
      total_dirty_tps: 0,
    });
    expect(later.session.out_dirty_tps).toBe(5);
    expect(later.weekly_samples).toBe(1);
    expect(book.view(NOW_TS + WEEKLY_S + HOUR_S, ROLLING_S, WEEKLY_S).weekly_samples).toBe(0);
  });

  it('keeps non-streams out of TTFT instead of counting them as zero', () => {
    expect(viewOf([sample()]).ttft_ms).toEqual({ avg: null, p50: null, p90: null, p99: null });
    const { ttft_ms } = viewOf([10, 20, 30, 40, null, null].map((ttftMs) => sample({ ttftMs })));
    expect(ttft_ms.avg).toBe(25);
    expect(ttft_ms.p50 ?? 0).toBeGreaterThan(24.7);
    expect(ttft_ms.p50 ?? 0).toBeLessThan(25.3);
    expect(ttft_ms.p99 ?? 0).toBeGreaterThan(39.2);
  });

  it('does not lose a sample to a clock that is set back', () => {
    expect(viewOf([sample(), sample({ ts: NOW_TS - HOUR_S })]).rolling_samples).toBe(2);
  });
});

describe('hour bins', () => {
  it('are null below ten samples, and there are always 24', () => {
    const nine = viewOf(Array.from({ length: 9 }, () => sample()));
    expect(nine.hourly).toHaveLength(24);
    expect(nine.hourly.map(({ hour }) => hour)).toEqual(Array.from({ length: 24 }, (_, hour) => hour));
    expect(nine.hourly[12]).toEqual({ hour: 12, samples: 9, out_elr_tps: null, out_dirty_tps: null });
    expect(nine.hod_elr_out_tps.every((bin) => bin === null)).toBe(true);
    const ten = viewOf(Array.from({ length: 10 }, () => sample({ streamS: 30 })));
    expect(ten.hourly[12]?.samples).toBe(10);
    expect(ten.hod_elr_out_tps[12] ?? 0).toBeCloseTo(10, 0);
    expect(ten.hod_dirty_out_tps[12] ?? 0).toBeCloseTo(5, 0);
    expect(ten.hod_elr_out_tps.filter((bin) => bin !== null)).toHaveLength(1);
    expect(ten.tz).toBe('UTC');
  });

  it('follow the newest day with a weight of 0.2', () => {
    const day = (daysAgo: number, outputTokens: number): SpeedSample[] =>
      Array.from({ length: 10 }, () => sample({ ts: NOW_TS - daysAgo * DAY_S, outputTokens, dirtyS: 10 }));
    const { hod_dirty_out_tps } = viewOf([...day(2, 1000), ...day(1, 1000), ...day(0, 2000)]);
    expect((hod_dirty_out_tps[12] ?? 0) / 120).toBeGreaterThan(0.975);
    expect((hod_dirty_out_tps[12] ?? 0) / 120).toBeLessThan(1.025);
  });

  it('do not follow one outlier', () => {
    const calm = Array.from({ length: 199 }, () => sample({ outputTokens: 100, dirtyS: 10 }));
    const { hod_dirty_out_tps } = viewOf([...calm, sample({ outputTokens: 100, dirtyS: 100_000 })]);
    expect(hod_dirty_out_tps[12] ?? 0).toBeGreaterThan(9.5);
  });

  it('count in the configured zone', () => {
    const book = bookOf(
      Array.from({ length: 10 }, () => sample()),
      'America/New_York',
    );
    const view = book.view(NOW_TS, ROLLING_S, WEEKLY_S);
    expect(view.tz).toBe('America/New_York');
    expect(view.hourly.filter(({ samples }) => samples > 0).map(({ hour }) => hour)).toEqual([7]);
  });
});

describe('localHourIn', () => {
  it.each([
    // Berlin goes from 02:00 to 03:00 in the last night of March…
    ['Europe/Berlin', '2026-03-29T00:59:59Z', 1],
    ['Europe/Berlin', '2026-03-29T01:00:00Z', 3],
    ['Europe/Berlin', '2026-03-29T21:59:59Z', 23],
    ['Europe/Berlin', '2026-03-29T22:00:00Z', 0],
    // …and has the hour from 02:00 twice in October.
    ['Europe/Berlin', '2026-10-25T00:30:00Z', 2],
    ['Europe/Berlin', '2026-10-25T01:30:00Z', 2],
    ['Europe/Berlin', '2026-10-25T02:00:00Z', 3],
    ['UTC', '2026-03-29T01:00:00Z', 1],
    ['Asia/Kathmandu', '2026-03-29T00:14:59Z', 5],
    ['Asia/Kathmandu', '2026-03-29T00:15:00Z', 6],
    ['America/New_York', '2026-01-01T04:59:59Z', 23],
  ])('%s at %s: %i', (zone, at, hour) => {
    expect(localHourIn(zone)(Date.parse(at) / 1000).hour).toBe(hour);
  });

  it('gives every local day its own number, also around the change of the clock', () => {
    const local = localHourIn('Europe/Berlin');
    for (const [start, hours] of [
      ['2026-03-28T23:00:00Z', 23],
      ['2026-10-24T22:00:00Z', 25],
      ['2026-01-10T23:00:00Z', 24],
    ] as const) {
      const from = Date.parse(start) / 1000;
      const days = Array.from({ length: hours }, (_, index) => local(from + index * HOUR_S).day);
      expect([start, new Set(days).size]).toEqual([start, 1]);
      expect(local(from - 1).day).toBe((days[0] ?? 0) - 1);
      expect(local(from + hours * HOUR_S).day).toBe((days[0] ?? 0) + 1);
    }
  });

  it('agrees with the formatter at any moment', () => {
    const zone = fc.constantFrom('Europe/Berlin', 'America/St_Johns', 'Australia/Lord_Howe', 'Asia/Tokyo');
    fc.assert(
      fc.property(zone, fc.integer({ min: 1_600_000_000, max: 1_900_000_000 }), (timeZone, ts) => {
        const format = new Intl.DateTimeFormat('en-GB', { timeZone, hour: '2-digit', hourCycle: 'h23' });
        expect(localHourIn(timeZone)(ts).hour).toBe(Number(format.format(ts * 1000)));
      }),
      { numRuns: 100 },
    );
  });
});
