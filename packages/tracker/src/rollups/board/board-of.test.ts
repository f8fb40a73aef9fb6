import { parseUsageEvent } from '@ccp/contracts';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BOARD_TS, EMPTY_FACTS, fullFacts, weeklyReading } from '../../testing/board-facts.ts';
import { snapshotOf, usageWith } from '../../testing/fixtures.ts';
import { efficiency } from '../estimators/efficiency.ts';
import { boardOf } from './board-of.ts';
import type { RoutingDecision } from './board.ts';
import { decisionOfEvent, newestDecisions } from './decisions.ts';
import { forecastOf } from './forecast.ts';

test('of nothing: every number is null and the board says what to type', () => {
  const board = boardOf(EMPTY_FACTS);
  expect(board).toMatchObject({ board_schema: 'v1', state: 'none', shim: null, overview: null, meters: [] });
  expect(board.outcome).toMatchObject({ quality: null, churn: null, cls: null, impf: null, anomalies: [] });
  expect(board.advice).toMatchObject({ stance: 'unknown', next: 'shim serve' });
  expect(board.advice.hints.map(({ part }) => part)).toEqual(['shim', 'quotas', 'windows']);
  expect(board.provenance.readings).toMatchObject({ rows: 0, observed_at: null, age_s: null });
});

test('bars: the vendor told by the shim and the kept reading, where an even use stands, what stays free', () => {
  const { meters } = boardOf(fullFacts());
  expect(meters.map((bar) => [bar.provider, bar.scope, bar.window_min, bar.used_pp, bar.source_letter])).toEqual([
    ['claude', 'all', 300, 37, 'H'],
    ['claude', 'all', 10_080, 62, 'S'],
    ['claude', 'model:opus', 10_080, 91.5, 'S'],
  ]);
  const [session, week, opus] = meters;
  // The 5 h window ends at 03:00, so 2 of its 5 hours have passed.
  expect(session?.expected_pp).toBeCloseTo(40, 1);
  expect(week?.buffer).toMatchObject({ reserve_pp: 10, headroom_pp: 28 });
  expect(week?.others).toEqual([{ source: 'pane', used_pp: 61, observed_at: '2029-12-31T22:00:00.000Z' }]);
  expect(week?.deltas_pp.map(({ delta_pp: delta }) => delta)).toEqual([5, 6, 7, 8]);
  expect(opus?.buffer.status).toBe('inside-buffer');
});

test('windows and outcome: the estimator of the report, the newest row of each, the newest churn', () => {
  const { windows, outcome, advice } = boardOf(fullFacts());
  const points = [1, 2, 3, 4].map((nth) => ({ window: `W0-0${nth}`, features: 2 + (nth % 2), capacity: 4 + nth }));
  const [claude] = windows.providers;
  expect(claude).toMatchObject({ provider: 'claude', n: 4, features: 10, capacity: 26, unit: 'pp' });
  expect(claude?.efficiency).toBe(efficiency(points).estimate);
  expect(claude?.buffer?.status).toBe('inside-buffer');
  expect(windows.rows.map(({ window }) => window)).toEqual(['W0-04', 'W0-03', 'W0-02', 'W0-01']);
  expect(outcome).toMatchObject({ quality: 0.9, quality_source: 'W0-04', anomalies_total: 1, cls: 0.4 });
  expect(outcome.churn).toMatchObject({ window: 'W0-04', insertions: 120, normalized_churn: 0.12 });
  expect(advice.stance).toBe('hold');
});

test('one window only leaves bars and traffic as they are', () => {
  const board = boardOf(fullFacts({ window: 'W0-02' }));
  expect(board.windows.rows.map(({ window }) => window)).toEqual(['W0-02']);
  expect(board.windows.providers[0]).toMatchObject({ n: 1, ci: null });
  expect(board.outcome).toMatchObject({ churn: null, anomalies_total: 1 });
  expect(board.meters).toEqual(boardOf(fullFacts()).meters);
});

test('while the shim is away the last answer stands, said to be stale, and the advice is to start it', () => {
  const facts = fullFacts({ state: 'stale', nowTs: BOARD_TS + 3600, shimUrl: 'http://127.0.0.1:9000' });
  const { state, shim, overview, advice } = boardOf(facts);
  expect({ state, overview: overview?.state }).toEqual({ state: 'stale', overview: 'stale' });
  expect(shim?.age_s).toBeCloseTo(3600.5, 6);
  expect(advice.next).toBe('shim serve --port 9000');
});

test('an older shim and one without traffic say what to do next', () => {
  const problems = [{ code: 'older-shim' as const, message: 'the shim does not say usage_schema' }];
  const older = boardOf({ ...EMPTY_FACTS, snapshot: snapshotOf(usageWith(1)), state: 'live', problems });
  expect(older.advice.hints[0]).toMatchObject({ part: 'shim', next: expect.stringMatching(/start$/) });
  const idle = snapshotOf({ ...usageWith(1), models: {} });
  const { advice } = boardOf({ ...EMPTY_FACTS, snapshot: idle, state: 'live' });
  expect(advice.next).toBe('export ANTHROPIC_BASE_URL=http://127.0.0.1:8082');
});

const decision = fc.record<RoutingDecision>({
  at_ts: fc.integer({ min: 0, max: 1000 }),
  model: fc.constant('m'),
  lane: fc.constantFrom('a', 'b'),
  decision: fc.constantFrom('', 'pass_through', 'fallback'),
  reason: fc.constantFrom(null, 'why'),
  status: fc.constantFrom(null, 200, 429),
  ended: fc.constant(null),
  ttft_ms: fc.constantFrom(null, 10),
  rid: fc.constantFrom('1', '2', '3', null),
});

test('property: decisions come once each, newest first, and what was known of one is not forgotten', () => {
  fc.assert(
    fc.property(fc.array(decision, { maxLength: 40 }), (all) => {
      const newest = newestDecisions(all);
      const named = newest.flatMap(({ rid }) => rid ?? []);
      expect(new Set(named).size).toBe(named.length);
      expect(newest.map(({ at_ts: ts }) => ts)).toEqual(newest.map(({ at_ts: ts }) => ts).toSorted((a, b) => b - a));
      for (const { rid, status } of newest) {
        const told = all.filter((one) => one.rid !== null && one.rid === rid && one.status !== null);
        if (told.length > 0) expect(status).not.toBeNull();
      }
      expect(newest.length).toBeLessThanOrEqual(20);
    }),
  );
});

test('an event of the stream: running until its completion, with the reason it went elsewhere', () => {
  const parsed = parseUsageEvent({
    ts: 10,
    rid: '5c1e90ab',
    event: 'decision',
    lane: 'anthropic',
    model: 'm',
    status: -1,
    decision: 'fallback',
    decision_reason: 'zai failed: 429',
    fallback_from: 'zai',
  });
  if (!parsed.ok) throw new Error('the event is not valid');
  const running = decisionOfEvent(parsed.value);
  expect(running).toMatchObject({ status: null, ended: null, decision: 'fallback', reason: 'zai failed: 429' });
  const done = decisionOfEvent({ ...parsed.value, event: 'completion', status: 200, ended: 'complete' });
  expect(newestDecisions([done], [running])).toEqual([done]);
});

test('forecast: an even use goes on as it was, known to a point; a burst leaves more room', () => {
  const nowTs = Date.parse('2030-01-01T00:00:00.000Z') / 1000;
  // A week that began 3.5 days ago.
  const resets = '2030-01-04T12:00:00.000Z';
  const at = (day: number, pp: number) => {
    const observed = new Date((nowTs - day * 86_400) * 1000).toISOString();
    return weeklyReading({ resets_at: resets, used_pp: pp, observed_at: observed });
  };
  const even = forecastOf(at(0, 35), [at(3, 5), at(2, 15), at(1, 25)], nowTs);
  expect(even?.mid_pp).toBeCloseTo(70, 6);
  expect([even?.low_pp, even?.high_pp].map((pp) => Math.round(pp ?? 0))).toEqual([69, 71]);
  const burst = forecastOf(at(0, 35), [at(3, 0), at(2, 0), at(1, 0)], nowTs);
  expect(burst?.mid_pp).toBeCloseTo(70, 6);
  expect(burst?.low_pp).toBeGreaterThanOrEqual(35);
  expect(burst?.high_pp).toBeGreaterThan(80);
  // Many readings of the last minutes do not tell how the days before were used.
  const late = Array.from({ length: 20 }, (_, minute) => at(minute / 1440, 30));
  expect(forecastOf(at(0, 35), late, nowTs)).toBeNull();
  // Two readings do not tell how even the use was, and without a reset there is nothing to forecast.
  expect(forecastOf(at(0, 35), [at(2, 10)], nowTs)).toBeNull();
  expect(forecastOf(weeklyReading({ resets_at: null }), [], nowTs)).toBeNull();
});

test('property: a forecast is a range of a point at least, never below what is used', () => {
  const nowTs = Date.parse('2030-01-01T00:00:00.000Z') / 1000;
  const at = (ts: number): string => new Date(ts * 1000).toISOString();
  // Hours left of the week, and what the bar gained in equal parts of the time passed.
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 160 }),
      fc.array(fc.double({ min: 0, max: 10, noNaN: true }), { minLength: 4, maxLength: 12 }),
      (left, gains) => {
        const passedS = (168 - left) * 3600;
        let used = 0;
        const readings = gains.map((gain, nth) =>
          weeklyReading({
            resets_at: at(nowTs + left * 3600),
            used_pp: (used += gain),
            // In the middle of each part.
            observed_at: at(nowTs - passedS * (1 - (nth + 0.5) / gains.length)),
          }),
        );
        const forecast = forecastOf(readings.at(-1)!, readings, nowTs);
        expect(forecast).not.toBeNull();
        const { low_pp: low = NaN, mid_pp: mid = NaN, high_pp: high = NaN } = forecast ?? {};
        expect(low).toBeGreaterThanOrEqual(used);
        expect(mid).toBeGreaterThanOrEqual(low);
        expect(high - mid).toBeGreaterThanOrEqual(1 - 1e-9);
      },
    ),
  );
});

test('the same facts give the same bytes', () => {
  expect(JSON.stringify(boardOf(fullFacts()))).toBe(JSON.stringify(boardOf(fullFacts())));
});
