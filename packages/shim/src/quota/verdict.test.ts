import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ModelLimit } from '../config/catalog.ts';
import type { Tokens } from '../exchange.ts';
import { Series } from './series.ts';
import { counted, DEFAULT_WEIGHTS } from './counted.ts';
import { judgeQuota, type Verdict, type Warned } from './verdict.ts';

const NOW_TS = 1_760_000_000;
const SPANS = { rollingS: 18_000, weeklyS: 604_800 };
const NOTHING: Tokens = { input: 0, output: 0, cacheWrite: 0, cacheRead: 0 };

function limitOf(part: Partial<ModelLimit>): ModelLimit {
  return {
    model: 'm',
    lane: null,
    rollingTokens: null,
    weeklyType: 'tokens',
    weeklyValue: null,
    warnPct: null,
    weights: DEFAULT_WEIGHTS,
    weeklyAnchor: null,
    reserve: 'learned',
    ...part,
  };
}

function seriesOf(...spent: readonly (readonly [ts: number, tokens: Partial<Tokens>])[]): Series {
  const series = new Series('zai', 'm', SPANS);
  for (const [ts, tokens] of spent) series.add({ ...NOTHING, ...tokens }, 60, ts);
  return series;
}

function judge(limit: ModelLimit | null, series: Series | readonly Series[], more: JudgeMore = {}): Verdict {
  const all = series instanceof Series ? [series] : series;
  const { pending: own = NOTHING, ...rest } = more;
  const anchor = limit?.weeklyAnchor ?? null;
  return judgeQuota({
    limit,
    warnPct: limit?.warnPct ?? null,
    warned: { rolling: false, weekly: false },
    series: all,
    pending: NOTHING,
    own,
    nowTs: NOW_TS,
    ...SPANS,
    weekResetTs: anchor === 'vendor' ? null : anchor,
    ...rest,
  });
}

interface JudgeMore {
  readonly pending?: Tokens;
  readonly nowTs?: number;
  readonly warned?: Warned;
}

describe('judgeQuota', () => {
  it.each([
    [500, 'allow', 'none'],
    [799, 'allow', 'none'],
    [800, 'warn', 'rolling'],
    [850, 'warn', 'rolling'],
    [999, 'warn', 'rolling'],
    [1000, 'block', 'rolling'],
    [1500, 'block', 'rolling'],
  ] as const)('%i of 1000 with a warning at 0.8: %s', (used, verdict, reason) => {
    const answer = judge(
      limitOf({ rollingTokens: 1000, warnPct: 0.8 }),
      seriesOf([NOW_TS - 60, { input: used - 200, output: 200 }]),
    );
    expect(answer).toMatchObject({
      verdict,
      reason,
      rolling: { used, cap: 1000, pct: used / 1000 },
      weekly: { cap: null, pct: 0 },
    });
    expect(answer.etaClearSec > 0).toBe(verdict === 'block');
  });

  it('counts 200 in and 300 out of 1000 as a half', () => {
    expect(judge(limitOf({ rollingTokens: 1000 }), seriesOf([NOW_TS, { input: 200, output: 300 }])).rolling.pct).toBe(
      0.5,
    );
  });

  it('warns and blocks on the week too, when it is in tokens', () => {
    const series = seriesOf([NOW_TS - 100_000, { input: 900 }]);
    const limit = limitOf({ rollingTokens: 5000, weeklyValue: 1000, warnPct: 0.8 });
    expect(judge(limit, series)).toMatchObject({ verdict: 'warn', reason: 'weekly', rolling: { used: 0 } });
    series.add({ ...NOTHING, output: 100 }, 1, NOW_TS);
    expect(judge(limit, series)).toMatchObject({ verdict: 'block', reason: 'weekly' });
  });

  it('shows a week in hours and never blocks or warns on it', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 400_000 }), fc.nat(1_000_000), (seconds, tokens) => {
        const series = new Series('zai', 'm', SPANS);
        series.add({ ...NOTHING, output: tokens }, seconds, NOW_TS);
        const answer = judge(limitOf({ weeklyType: 'hours', weeklyValue: 40, warnPct: 0.1 }), series);
        expect(answer.verdict).toBe('allow');
        expect(answer.weekly).toEqual({ used: tokens, cap: null, pct: seconds / 3600 / 40 });
      }),
    );
  });

  it('does not count cache reads unless told to', () => {
    const spent = { input: 10, output: 20, cacheWrite: 30, cacheRead: 1_000_000 };
    expect(counted(spent, DEFAULT_WEIGHTS)).toBe(60);
    expect(counted(spent, { input: 2, output: 5, cacheWrite: 1.25, cacheRead: 0.5 })).toBe(20 + 100 + 37.5 + 500_000);
    expect(judge(limitOf({ rollingTokens: 100 }), seriesOf([NOW_TS, spent])).verdict).toBe('allow');
    expect(
      judge(limitOf({ rollingTokens: 100, weights: { ...DEFAULT_WEIGHTS, cacheRead: 0.1 } }), seriesOf([NOW_TS, spent]))
        .verdict,
    ).toBe('block');
  });

  it('caps nothing without a limit, and still counts', () => {
    expect(judge(null, seriesOf([NOW_TS, { input: 5_000_000 }]))).toMatchObject({
      verdict: 'allow',
      reason: 'none',
      rolling: { used: 5_000_000, cap: null, pct: 0 },
      etaClearSec: 0,
    });
  });

  it('blocks what would pass a cap, not what reaches it exactly', () => {
    const series = seriesOf([NOW_TS, { input: 900 }]);
    const limit = limitOf({ rollingTokens: 1000 });
    expect(judge(limit, series, { pending: { ...NOTHING, output: 100 } }).verdict).toBe('allow');
    expect(judge(limit, series, { pending: { ...NOTHING, output: 101 } })).toMatchObject({
      verdict: 'block',
      rolling: { used: 900 },
    });
    expect(judge(limit, series, { pending: { ...NOTHING, cacheRead: 5000 } }).verdict).toBe('allow');
  });

  it('says in eta_rolling when the oldest request leaves, and 0 without any', () => {
    expect(judge(null, seriesOf()).etaRollingSec).toBe(0);
    const series = seriesOf([NOW_TS - 1000.5, { input: 1 }], [NOW_TS - 10, { input: 1 }]);
    const other = seriesOf([NOW_TS - 3000, { input: 1 }]);
    expect(judge(null, series).etaRollingSec).toBe(18_000 - 1001);
    expect(judge(null, [series, other]).etaRollingSec).toBe(15_000);
  });

  it('starts the anchored week anew at every multiple of the vendor reset', () => {
    const anchorTs = NOW_TS - 10 * 60 - (NOW_TS % 60);
    const series = seriesOf([anchorTs - 120, { input: 1000 }], [anchorTs + 60, { input: 10 }]);
    const limit = limitOf({ weeklyValue: 100, weeklyAnchor: anchorTs });
    expect(judge(limit, series)).toMatchObject({ verdict: 'allow', weekly: { used: 10 } });
    expect(judge(limitOf({ weeklyValue: 100 }), series).weekly.used).toBe(1010);
    for (const weeks of [-3, -1, 2]) {
      const shifted = limitOf({ weeklyValue: 100, weeklyAnchor: anchorTs + weeks * SPANS.weeklyS });
      expect(judge(shifted, series).weekly.used).toBe(10);
    }
  });
});

describe('eta_clear_sec', () => {
  const spend = fc.record({
    agoS: fc.oneof(fc.nat(18_100), fc.nat(604_900)),
    series: fc.nat(2),
    tokens: fc.record({
      input: fc.nat(800),
      output: fc.nat(800),
      cacheWrite: fc.nat(300),
      cacheRead: fc.nat(2000),
    }),
  });
  // Quarters, so that sums are exact.
  const weight = fc.integer({ min: 0, max: 8 }).map((quarters) => quarters / 4);
  const weights = fc.option(fc.record({ input: weight, output: weight, cacheWrite: weight, cacheRead: weight }));
  const cap = fc.option(fc.integer({ min: 100, max: 6000 }), { freq: 6 });
  const question = fc.record({
    spent: fc.array(spend, { maxLength: 25 }),
    rollingTokens: cap,
    weeklyValue: cap,
    weights,
    anchorMinutes: fc.option(fc.integer({ min: -20_000, max: 20_000 })),
    // Beyond a whole cap as well: such a request goes alone.
    pendingShare: fc.oneof(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 100, max: 400 })),
    fraction: fc.integer({ min: 0, max: 999 }),
  });

  it('is the first moment at which the same question is no longer blocked', () => {
    let blocked = 0;
    fc.assert(
      fc.property(question, ({ spent, anchorMinutes, pendingShare, fraction, ...part }) => {
        const nowTs = NOW_TS + fraction / 1000;
        const all = [0, 1, 2].map(() => new Series('zai', 'm', SPANS));
        for (const { agoS, series, tokens } of spent.toSorted((a, b) => b.agoS - a.agoS))
          all[series]?.add(tokens, 1, nowTs - agoS);
        const limit = limitOf({
          ...part,
          weights: part.weights ?? DEFAULT_WEIGHTS,
          weeklyAnchor: anchorMinutes === null ? null : (Math.floor(NOW_TS / 60) + anchorMinutes) * 60,
        });
        const room = Math.min(limit.rollingTokens ?? 5000, limit.weeklyValue ?? 5000);
        const weightOfInput = Math.max(1, limit.weights.input);
        const pending = { ...NOTHING, input: Math.floor((room * pendingShare) / 100 / weightOfInput) };
        const now = judge(limit, all, { pending, nowTs });
        if (now.verdict !== 'block') {
          expect(now.etaClearSec).toBe(0);
          return;
        }
        blocked += 1;
        expect(now.etaClearSec).toBeGreaterThanOrEqual(1);
        expect(judge(limit, all, { pending, nowTs: nowTs + now.etaClearSec - 1 }).verdict).toBe('block');
        expect(judge(limit, all, { pending, nowTs: nowTs + now.etaClearSec }).verdict).not.toBe('block');
      }),
      { numRuns: 1500 },
    );
    expect(blocked).toBeGreaterThan(100);
  });

  it('names the end of an anchored week that is exactly full, also when nothing is pending', () => {
    const anchorTs = Math.floor(NOW_TS / 60) * 60 - 3600;
    const series = seriesOf([NOW_TS - 60, { input: 100 }]);
    const answer = judge(limitOf({ weeklyValue: 100, weeklyAnchor: anchorTs }), series);
    expect(answer.verdict).toBe('block');
    expect(answer.etaClearSec).toBe(anchorTs + SPANS.weeklyS - NOW_TS);
  });

  it('lets a request that is larger than the cap go once the window is empty', () => {
    const limit = limitOf({ rollingTokens: 1000 });
    const series = seriesOf([NOW_TS - 60, { input: 10 }]);
    const pending = { ...NOTHING, input: 5000 };
    const now = judge(limit, series, { pending });
    expect(now.verdict).toBe('block');
    expect(judge(limit, series, { pending, nowTs: NOW_TS + now.etaClearSec }).verdict).not.toBe('block');
  });
});
