import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { turnOfSample } from '../../events/turn-event.ts';
import { sampleAt } from '../../testing/samples.ts';
import { PRICES } from '../cost/price-map.ts';
import type { History, HistoryQuestion } from './history.ts';
import { openHistory } from './open-history.ts';
import { toPastTurn } from './past-turn.ts';
import type { PastTurn } from './past-turn.ts';
import { addTo, quantiles } from './sketch.ts';
import type { Sketch } from './sketch.ts';

const NOW = 1_893_600_000;
const question: HistoryQuestion = { nowTs: NOW, range: '24h', provider: null, window: null };

function turnAt(nth: number, over: Partial<Parameters<typeof sampleAt>[1]> = {}): PastTurn {
  const turn = toPastTurn(turnOfSample(sampleAt(nth, over), NOW), PRICES);
  if (turn === null) throw new Error('no turn');
  return turn;
}

function historyOf(turns: readonly PastTurn[], tz = 'UTC') {
  const log = openHistory({ tz, priceMap: PRICES.version });
  for (const turn of turns) log.addTurn(turn, true);
  return log;
}

/** Turns within the last 30 hours, some of one exchange, some failed, of three models and two lanes. */
const turns = fc
  .array(
    fc.record({
      nth: fc.nat(60),
      ago: fc.integer({ min: 0, max: 30 * 3600 }),
      model: fc.constantFrom('claude-sonnet-4-5', 'claude-haiku-4-5', 'not-priced'),
      lane: fc.constantFrom('anthropic', 'zai'),
      ended: fc.constantFrom('complete', 'complete', 'cancelled'),
      ttft: fc.option(fc.integer({ min: 1, max: 60_000 })),
    }),
    { maxLength: 80 },
  )
  .map((all) => {
    const seen = new Set<number>();
    return all
      .filter(({ nth }) => !seen.has(nth) && seen.add(nth))
      .map(({ nth, ago, model, lane, ended, ttft }) =>
        turnAt(nth, { ts: NOW - ago, model, lane, ended, ttft_ms: ttft, request_id: `req-${nth}` }),
      );
  });

/** What does not depend on the order in which rows came. */
const sums = ({ at: _at, ...rest }: History): unknown =>
  JSON.parse(
    JSON.stringify(rest, (_, value: unknown) => (typeof value === 'number' ? Number(value.toPrecision(9)) : value)),
  );

describe('the past in spans', () => {
  test('totals, spans, models and hours are the same turns added up', () => {
    fc.assert(
      fc.property(turns, (all) => {
        const doc = historyOf(all).document(question);
        const inside = all.filter(({ ts }) => ts >= doc.range.since_ts && ts < doc.range.until_ts);
        const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
        const output = sum(inside.map((turn) => turn.output));
        expect(doc.rows).toEqual({ turns: inside.length, unkept: 0, readings: 0 });
        expect(doc.totals.tokens.output).toBe(output);
        expect(sum(doc.tokens.output)).toBe(output);
        expect(sum(doc.turns)).toBe(inside.length);
        expect(sum(doc.models.map((one) => one.tokens.output))).toBe(output);
        expect(sum(doc.models.map((one) => sum(one.output)))).toBe(output);
        const timed = inside.filter(({ dirtyS }) => dirtyS !== null);
        expect(doc.totals.timed).toBe(timed.length);
        expect(doc.totals.dirty_out_tps ?? 0).toBeCloseTo(
          timed.length === 0 ? 0 : sum(timed.map((turn) => turn.output)) / sum(timed.map((turn) => turn.dirtyS ?? 0)),
          6,
        );
        expect(doc.totals.unpriced_turns).toBe(inside.filter(({ costUsd }) => costUsd === null).length);
        expect(doc.ts).toHaveLength(doc.tokens.output.length);
      }),
    );
  });

  test('any order, told twice, by the shim before or after the journal: the same document', () => {
    fc.assert(
      fc.property(turns, fc.infiniteStream(fc.nat()), (all, random) => {
        const once = historyOf(all);
        const shuffled = [...all, ...all]
          .map((turn) => ({ turn, at: random.next().value as number }))
          .toSorted((a, b) => a.at - b.at);
        const twice = openHistory({ tz: 'UTC', priceMap: PRICES.version });
        shuffled.forEach(({ turn, at }) => twice.addTurn(turn, at % 2 === 0));
        for (const turn of all) twice.addTurn(turn, true);
        expect(sums(twice.document(question))).toEqual(sums(once.document(question)));
      }),
      { numRuns: 40 },
    );
  });

  test('turns of one moment stand in one order, whichever was told first', () => {
    const failed = [1, 2, 3].map((nth) => turnAt(nth, { ts: NOW - 60, status: 529, ended: 'failed' }));
    expect(historyOf(failed.toReversed()).document(question)).toEqual(historyOf(failed).document(question));
  });

  test('the record nearer to the provider replaces the other one, whichever comes first', () => {
    const shim = turnAt(1, { ts: NOW - 60, request_id: 'req-1' });
    const transcript: PastTurn = {
      ...shim,
      rank: 2,
      source: 'backfill',
      lane: null,
      output: 1,
      dirtyS: null,
      streamS: null,
    };
    for (const order of [
      [shim, transcript],
      [transcript, shim],
    ])
      expect(historyOf(order).document(question).totals).toMatchObject({
        turns: 1,
        timed: 1,
        tokens: { output: shim.output },
      });
  });

  test('a provider is filtered by the name its meters have; reroutes in a row are one run', () => {
    const away = [1, 2, 3].map((nth) =>
      turnAt(nth, { ts: NOW - 100 + nth, lane: 'zai', decision: 'quota_block', request_id: `r${nth}` }),
    );
    const log = historyOf([...away, turnAt(9, { ts: NOW - 10, request_id: 'r9' })]);
    expect(log.document({ ...question, provider: 'glm' })).toMatchObject({ rows: { turns: 3 } });
    expect(log.document({ ...question, provider: 'claude' })).toMatchObject({ rows: { turns: 1 } });
    const { timeline, choices } = log.document(question);
    expect(choices.providers).toEqual(['claude', 'glm']);
    expect(timeline.kinds).toEqual({ fallback: 0, reroute: 3, refused: 0, cut: 0 });
    expect(timeline.runs).toMatchObject([{ count: 3, lane: 'zai', first_ts: NOW - 99, ts: NOW - 97 }]);
  });

  test.each([
    ['Asia/Kathmandu', 5.75],
    ['America/New_York', -5],
    ['UTC', 0],
  ])('hours are those of the wall in %s', (tz, hours) => {
    const { heat } = historyOf([turnAt(1, { ts: NOW - 7200 })], tz).document(question);
    const wall = new Date((NOW - 7200 + hours * 3600) * 1000);
    const found = heat.turns.flatMap((row, day) => row.flatMap((n, hour) => (n > 0 ? [[day, hour]] : [])));
    expect(found).toEqual([[(wall.getUTCDay() + 6) % 7, wall.getUTCHours()]]);
  });

  test.each([
    [{ range: '1h' }, 60],
    [{ range: '5h' }, 60],
    [{ range: '24h' }, 300],
    [{ range: '7d' }, 1800],
    [{ range: '30d' }, 7200],
    [{ range: 'nonsense' }, 300],
    [{ range: '1h', sinceTs: 0 }, 7200],
    [{ range: '1h', sinceTs: NOW + 99, untilTs: 5 }, 60],
  ])('%j is cut into spans of %i s, never more than can be drawn', (asked, step) => {
    const { ts, range } = historyOf([]).document({ ...question, ...asked });
    expect(range.step_s).toBe(step);
    expect(ts.length).toBeGreaterThan(0);
    expect(ts.length).toBeLessThanOrEqual(368);
  });

  test('what is older than the charts reach is let go of', () => {
    const log = historyOf([turnAt(1, { ts: NOW - 3600 })]);
    log.document(question);
    const later = { ...question, nowTs: NOW + 40 * 86_400, range: '30d' };
    expect(log.document(later).rows.turns).toBe(0);
    expect(log.addTurn(turnAt(1, { ts: NOW - 3600 }), true)).toBe(false);
    expect(log.addTurn(turnAt(2, { ts: later.nowTs - 60 }), true)).toBe(true);
    expect(log.document(later).rows.turns).toBe(1);
  });
});

test('percentiles of a sketch are within 1 % of a true value, also after some were taken back', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 3_600_000 }), { minLength: 1, maxLength: 200 }),
      fc.array(fc.integer({ min: 1, max: 3_600_000 }), { maxLength: 50 }),
      (kept, dropped) => {
        const sketch: Sketch = new Map();
        for (const value of [...kept, ...dropped]) addTo(sketch, value, 1);
        for (const value of dropped) addTo(sketch, value, -1);
        const sorted = kept.toSorted((a, b) => a - b);
        for (const [at, share] of [0.5, 0.9, 0.99].entries()) {
          const exact = sorted[Math.floor(share * (sorted.length - 1))] ?? 0;
          const found = quantiles(sketch, [0.5, 0.9, 0.99])[at] ?? 0;
          expect(Math.abs(found - exact) / exact).toBeLessThanOrEqual(0.0101);
        }
      },
    ),
  );
});
