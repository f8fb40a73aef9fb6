import type { TrackerEvent } from '@ccp/contracts';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { PRICES } from '../cost/price-map.ts';
import { groupTurns, isoWeek } from './group-turns.ts';
import { distinctTurns } from './report-turn.ts';
import type { ReportTurn } from './report-turn.ts';

const at = (time: string, over: Partial<ReportTurn> = {}): ReportTurn => ({
  ts: Date.parse(time) / 1000,
  sessionId: 's-1',
  model: 'claude-haiku-4-5-20251001',
  input: 1_000_000,
  output: 0,
  cacheWrite: 0,
  cacheWrite1h: 0,
  cacheRead: 0,
  features: null,
  ...over,
});

const keys = (turns: readonly ReportTurn[], by: 'daily' | 'weekly' | 'monthly', tz: string): string[] =>
  groupTurns(turns, { by, tz, prices: PRICES }).groups.map(({ key, turns: count }) => `${key}:${count}`);

test('days are those of the zone, also where the clock is changed', () => {
  // In Berlin summer time began on 2030-03-31 and ended on 2030-10-27.
  const spring = [
    at('2030-03-30T22:59:59Z'),
    at('2030-03-30T23:00:00Z'),
    at('2030-03-31T21:59:59Z'),
    at('2030-03-31T22:00:00Z'),
  ];
  expect(keys(spring, 'daily', 'Europe/Berlin')).toEqual(['2030-03-30:1', '2030-03-31:2', '2030-04-01:1']);
  const autumn = [at('2030-10-26T22:00:00Z'), at('2030-10-27T22:59:59Z'), at('2030-10-27T23:00:00Z')];
  expect(keys(autumn, 'daily', 'Europe/Berlin')).toEqual(['2030-10-27:2', '2030-10-28:1']);
  expect(keys(autumn, 'daily', 'Asia/Kathmandu')).toEqual(['2030-10-27:1', '2030-10-28:2']);
});

test.each([
  ['2029-12-31', '2030-W01'],
  ['2030-01-06', '2030-W01'],
  ['2030-01-07', '2030-W02'],
  ['2027-01-01', '2026-W53'],
  ['2028-12-31', '2028-W52'],
])('%s is in week %s', (day, week) => expect(isoWeek(day)).toBe(week));

test('months and weeks hold their days; the time asked for leaves others out', () => {
  const turns = [at('2030-01-31T12:00:00Z'), at('2030-02-01T12:00:00Z'), at('2030-02-28T12:00:00Z')];
  expect(keys(turns, 'monthly', 'UTC')).toEqual(['2030-01:1', '2030-02:2']);
  expect(keys(turns, 'weekly', 'UTC')).toEqual(['2030-W05:2', '2030-W09:1']);
  const sinceTs = Date.parse('2030-02-01') / 1000;
  const since = groupTurns(turns, { by: 'session', tz: 'UTC', prices: PRICES, sinceTs, untilTs: sinceTs + 86_400 });
  expect(since.totals.turns).toBe(1);
});

test('a model without a price is unpriced, never free', () => {
  const report = groupTurns([at('2030-01-01T00:00:00Z'), at('2030-01-01T00:00:00Z', { model: 'made-up-1' })], {
    by: 'daily',
    tz: 'UTC',
    prices: PRICES,
  });
  expect(report.totals).toMatchObject({ cost_usd: 1, unpriced_turns: 1 });
  expect(report.groups[0]?.models['made-up-1']).toMatchObject({ cost_usd: null, unpriced_turns: 1 });
  expect(report).toMatchObject({ unpriced_models: ['made-up-1'], price_map: PRICES.version });
});

test('the sum of the groups is the total, whatever the grouping', () => {
  const turn = fc.record({ day: fc.nat(400), input: fc.nat(1000), session: fc.constantFrom('a', 'b') });
  fc.assert(
    fc.property(
      fc.array(turn, { maxLength: 20 }),
      fc.constantFrom('daily', 'weekly', 'monthly', 'session'),
      (all, by) => {
        const turns = all.map(({ day, input, session }) => ({
          ...at('2030-01-01T00:00:00Z'),
          ts: 1_893_456_000 + day * 40_000,
          input,
          sessionId: session,
        }));
        const { groups, totals } = groupTurns(turns, { by, tz: 'Europe/Berlin', prices: PRICES });
        expect(groups.reduce((sum, { tokens }) => sum + tokens.input, 0)).toBe(totals.tokens.input);
        expect(groups.reduce((sum, one) => sum + one.turns, 0)).toBe(all.length);
      },
    ),
  );
});

const event = (source: string, over: Partial<NonNullable<TrackerEvent['turn']>>, key?: string): TrackerEvent => ({
  kind: 'turn',
  source,
  ...(key !== undefined && { dedupe_key: key }),
  turn: {
    turn_id: 't',
    session_id: '',
    model: 'm',
    subagent: '',
    tokens_in: 1,
    tokens_out: 1,
    input_kind: 'other',
    latency_ms: 0,
    ts: 1,
    ...over,
  },
});

test('an exchange the shim, its client and an old log tell of counts once, as the shim counted it', () => {
  const events = [
    event('claude-log', { request_id: 'req_1', tokens_in: 3 }, 'cc:msg_1'),
    event('shim', { request_id: 'req_1', tokens_in: 5 }, 'a@1'),
    event('claude-log', { request_id: 'req_1', tokens_in: 3 }, 'cc:msg_1'),
    event('claude-log', { request_id: null, tokens_in: 7 }, 'cc:msg_2'),
    event('api', {}),
    event('api', {}),
  ];
  expect(distinctTurns(events).map(({ input }) => input)).toEqual([5, 7, 1, 1]);
  expect(
    distinctTurns(events.toReversed())
      .map(({ input }) => input)
      .toSorted((a, b) => a - b),
  ).toEqual([1, 1, 5, 7]);
});
