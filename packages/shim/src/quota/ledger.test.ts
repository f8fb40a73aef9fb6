import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Tokens } from '../exchange.ts';
import { Ledger } from './ledger.ts';
import { Series, type Spans, type WindowSum } from './series.ts';

const START_TS = 1_760_000_000;
const HOUR_S = 3600;
const DAY_S = 86_400;
const SPANS: Spans = { rollingS: 18_000, weeklyS: 604_800 };

const tokens = fc.record({
  input: fc.nat(100_000),
  output: fc.nat(20_000),
  cacheWrite: fc.nat(50_000),
  cacheRead: fc.nat(900_000),
});
/** Seconds between two calls: same minute, minutes, hours, days without anything. */
const gap = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 0, max: 90 }) },
  { weight: 4, arbitrary: fc.integer({ min: 0, max: 2 * HOUR_S }) },
  { weight: 2, arbitrary: fc.integer({ min: 0, max: 9 * HOUR_S }) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 9 * DAY_S }) },
);
const fraction = fc.integer({ min: 0, max: 999 }).map((ms) => ms / 1000);

interface Sample extends Tokens {
  readonly ts: number;
  readonly minute: number;
  readonly dirtyS: number;
}

/** The window rule, the slow way: a minute leaves when all of it is older than the window. */
function sumOf(samples: readonly Sample[], spanS: number, nowTs: number): WindowSum {
  return plainSum(samples.filter((sample) => (sample.minute + 1) * 60 > nowTs - spanS));
}

function plainSum(inside: readonly Sample[]): WindowSum {
  const total = (field: 'input' | 'output' | 'cacheWrite' | 'cacheRead' | 'dirtyS'): number =>
    inside.reduce((sum, sample) => sum + sample[field], 0);
  return {
    input: total('input'),
    output: total('output'),
    cacheWrite: total('cacheWrite'),
    cacheRead: total('cacheRead'),
    dirtyS: total('dirtyS'),
    count: inside.length,
    oldestTs: inside[0]?.ts ?? null,
  };
}

function sampleAt(ts: number, spent: Tokens, dirtyS: number, before: Sample | undefined): Sample {
  return { ...spent, ts, dirtyS, minute: Math.max(Math.floor(ts / 60), before?.minute ?? -Infinity) };
}

/** Whoever asks or adds says that the clock was ahead: what stands in the future has just happened. */
function setBack(samples: readonly Sample[], nowTs: number): Sample[] {
  const minute = Math.floor(nowTs / 60);
  const isAhead = (samples.at(-1)?.minute ?? 0) > minute + 1;
  return samples.map((sample) => (isAhead ? { ...sample, minute: Math.min(sample.minute, minute) } : sample));
}

describe('Series', () => {
  it('sums both windows as a list of samples would, whatever the gaps', () => {
    const step = fc.record({ gap, fraction, tokens, dirtyS: fc.nat(600) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fraction, (steps, startFraction) => {
        const series = new Series('zai', 'm', SPANS);
        const samples: Sample[] = [];
        let nowTs = START_TS + startFraction;
        for (const { gap: wait, tokens: spent, dirtyS } of steps) {
          nowTs += wait;
          expect(series.rolling(nowTs)).toEqual(sumOf(samples, SPANS.rollingS, nowTs));
          series.add(spent, dirtyS, nowTs);
          samples.push(sampleAt(nowTs, spent, dirtyS, samples.at(-1)));
          expect(series.rolling(nowTs)).toEqual(sumOf(samples, SPANS.rollingS, nowTs));
          expect(series.weekly(nowTs)).toEqual(sumOf(samples, SPANS.weeklyS, nowTs));
        }
        expect(series.session()).toEqual({ ...plainSum(samples), oldestTs: null });
        expect(series.rolling(nowTs + SPANS.rollingS + 60).count).toBe(0);
        expect(series.weekly(nowTs + SPANS.weeklyS + 60)).toEqual(plainSum([]));
      }),
      { numRuns: 200 },
    );
  });

  it('never forgets a request early, and keeps it at most 59 s too long', () => {
    fc.assert(
      fc.property(fraction, fc.nat(59), (part, second) => {
        const addedTs = Math.floor(START_TS / 60) * 60 + second + part;
        const series = new Series('zai', 'm', SPANS);
        series.add({ input: 7, output: 0, cacheWrite: 0, cacheRead: 0 }, 1, addedTs);
        expect(series.rolling(addedTs + SPANS.rollingS - 0.001).input).toBe(7);
        expect(series.rolling(addedTs + SPANS.rollingS + 60).input).toBe(0);
        expect(series.weekly(addedTs + SPANS.weeklyS - 0.001).input).toBe(7);
        expect(series.weekly(addedTs + SPANS.weeklyS + 60).input).toBe(0);
      }),
    );
  });

  it('survives a clock that is set back and forth: every sum is that of what happened within the window', () => {
    const jump = fc.oneof(gap, gap, fc.integer({ min: -10 * HOUR_S, max: 0 }));
    const step = fc.record({ jump, add: fc.boolean(), tokens });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const series = new Series('zai', 'm', SPANS);
        let samples: Sample[] = [];
        let nowTs = START_TS;
        let latestTs = nowTs;
        for (const { jump: by, add, tokens: spent } of steps) {
          nowTs += by;
          latestTs = Math.max(latestTs, nowTs);
          if (add) {
            series.add(spent, 1, nowTs);
            samples = setBack(samples, nowTs);
            samples.push(sampleAt(nowTs, spent, 1, samples.at(-1)));
          }
          samples = setBack(samples, nowTs);
          const { oldestTs: _, ...rolling } = sumOf(samples, SPANS.rollingS, nowTs);
          expect(series.rolling(nowTs)).toMatchObject(rolling);
        }
        for (const laterS of [0, 4 * HOUR_S, 6 * HOUR_S, 6 * DAY_S, 8 * DAY_S]) {
          const { oldestTs: _, ...rolling } = sumOf(samples, SPANS.rollingS, latestTs + laterS);
          const { oldestTs: __, ...weekly } = sumOf(samples, SPANS.weeklyS, latestTs + laterS);
          expect(series.rolling(latestTs + laterS)).toMatchObject(rolling);
          expect(series.weekly(latestTs + laterS)).toMatchObject(weekly);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('forgets a request booked into a minute that had already left the window', () => {
    const series = new Series('zai', 'm', SPANS);
    const spent = { input: 100, output: 0, cacheWrite: 0, cacheRead: 0 };
    series.add(spent, 1, START_TS);
    expect(series.rolling(START_TS + 6 * HOUR_S).input).toBe(0);
    // The clock is set back six hours and a request is booked in the minute that was just dropped.
    series.add(spent, 1, START_TS);
    expect(series.rolling(START_TS + 1).input).toBeGreaterThanOrEqual(100);
    expect(series.rolling(START_TS + 12 * HOUR_S).input).toBe(0);
  });

  it('follows new window lengths at once, also for what left the week within the last day', () => {
    // What left the shortest of these weeks within the last day is still there when it is made longer again.
    const spans = fc.record({
      rollingS: fc.integer({ min: 60, max: 40_000 }),
      weeklyS: fc.integer({ min: SPANS.weeklyS - 86_000, max: SPANS.weeklyS }),
    });
    const step = fc.record({ gap, tokens, respan: fc.option(spans, { freq: 3 }) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const series = new Series('zai', 'm', SPANS);
        const kept: Sample[] = [];
        let current: Spans = SPANS;
        let nowTs = START_TS;
        for (const { gap: wait, tokens: spent, respan } of steps) {
          nowTs += wait;
          if (respan !== null) series.respan((current = respan));
          expect(series.rolling(nowTs)).toEqual(sumOf(kept, current.rollingS, nowTs));
          expect(series.weekly(nowTs)).toEqual(sumOf(kept, current.weeklyS, nowTs));
          series.add(spent, 1, nowTs);
          kept.push(sampleAt(nowTs, spent, 1, kept.at(-1)));
        }
      }),
      { numRuns: 200 },
    );
  });

  it('empties the rolling window even when it was configured longer than the week', () => {
    const series = new Series('zai', 'm', { rollingS: 18_000, weeklyS: 3_600 });
    series.add({ input: 500, output: 0, cacheWrite: 0, cacheRead: 0 }, 1, START_TS);
    expect(series.rolling(START_TS + 2 * HOUR_S).input).toBe(500);
    expect(series.weekly(START_TS + 2 * HOUR_S).input).toBe(0);
    expect(series.rolling(START_TS + 6 * HOUR_S).input).toBe(0);
  });

  it('sums what was spent since a known reset', () => {
    const anchor = fc.integer({ min: 0, max: 2000 }).map((minutes) => (Math.floor(START_TS / 60) + minutes) * 60);
    fc.assert(
      fc.property(fc.array(fc.record({ gap: fc.nat(7200), tokens }), { maxLength: 40 }), anchor, (steps, fromTs) => {
        const series = new Series('zai', 'm', SPANS);
        const samples: Sample[] = [];
        let nowTs = START_TS;
        for (const { gap: wait, tokens: spent } of steps) {
          nowTs += wait;
          series.add(spent, 1, nowTs);
          samples.push(sampleAt(nowTs, spent, 1, samples.at(-1)));
        }
        expect(series.since(fromTs, nowTs)).toEqual(plainSum(samples.filter((sample) => sample.ts >= fromTs)));
      }),
    );
  });

  it('says when each bucket leaves: not a moment before, and then it is gone', () => {
    fc.assert(
      fc.property(fc.array(fc.record({ gap: fc.nat(7200), tokens }), { minLength: 1, maxLength: 20 }), (steps) => {
        const series = new Series('zai', 'm', SPANS);
        let nowTs = START_TS;
        for (const { gap: wait, tokens: spent } of steps) series.add(spent, 1, (nowTs += wait));
        for (const bucket of [...series.rollingBuckets(nowTs)]) {
          const before = series.rolling(bucket.leavesTs - 0.001);
          const after = series.rolling(bucket.leavesTs);
          expect(before.input - after.input).toBe(bucket.input);
          expect(before.output - after.output).toBe(bucket.output);
        }
        expect(series.rolling(nowTs + SPANS.rollingS + 60).count).toBe(0);
      }),
    );
  });
});

describe('Ledger', () => {
  it('keeps one series per lane and model', () => {
    const name = fc.string({ maxLength: 6 });
    fc.assert(
      fc.property(fc.uniqueArray(fc.tuple(name, name), { selector: ([a, b]) => JSON.stringify([a, b]) }), (pairs) => {
        const ledger = new Ledger(SPANS);
        const all = pairs.map(([lane, model]) => ledger.series(lane, model));
        expect(new Set(all).size).toBe(pairs.length);
        for (const [index, [lane, model]] of pairs.entries()) expect(ledger.series(lane, model)).toBe(all[index]);
      }),
    );
    const ledger = new Ledger(SPANS);
    expect(ledger.series('local box', 'm')).not.toBe(ledger.series('local', 'box m'));
  });

  it('gives new window lengths to every series', () => {
    const ledger = new Ledger(SPANS);
    const one = ledger.series('zai', 'm');
    one.add({ ...spentOne }, 1, START_TS);
    ledger.respan({ rollingS: 600, weeklyS: 1200 });
    expect(one.rolling(START_TS + 700).count).toBe(0);
    expect(one.weekly(START_TS + 700).count).toBe(1);
    expect(ledger.series('zai', 'later').rolling(START_TS).count).toBe(0);
  });
});

const spentOne: Tokens = { input: 1, output: 1, cacheWrite: 1, cacheRead: 1 };
