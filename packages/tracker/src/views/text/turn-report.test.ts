import { expect, test } from 'vitest';
import { PRICES } from '../../rollups/cost/price-map.ts';
import { groupTurns } from '../../rollups/report/group-turns.ts';
import { lineCells, renderLine } from './line.ts';
import { turnReportLines } from './turn-report.ts';

const turn = (model: string, ts: number) => ({
  ts,
  sessionId: 's-1',
  model,
  input: 1_000_000,
  output: 10,
  cacheWrite: 0,
  cacheWrite1h: 0,
  cacheRead: 0,
  features: null,
});
const report = groupTurns([turn('claude-haiku-4-5', 1_893_456_000), turn('made-up', 1_893_556_000)], {
  by: 'daily',
  tz: 'UTC',
  prices: PRICES,
});

test('a row per day and the sum; what has no price says so and is in no dollar', () => {
  const lines = turnReportLines(report, 100).map((line) => renderLine(line, 100, false).replaceAll(/ +/g, ' ').trim());
  expect(lines).toEqual([
    'day turns in out cache write cache read usd',
    '2030-01-01 1 1.0M 10 0 0 1.00',
    '2030-01-02 1 1.0M 10 0 0 unpriced',
    'total 2 2.0M 20 0 0 1.00+',
    `list prices of ${PRICES.version}; unpriced, and not in usd: made-up`,
  ]);
});

test.each([40, 60, 80, 120])('it fits %i columns', (width) => {
  for (const line of turnReportLines(report, width)) expect(lineCells(line)).toBeLessThanOrEqual(width);
});
