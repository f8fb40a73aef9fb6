import type { ChurnRecord } from '@ccp/contracts';
import { expect, test } from 'vitest';
import { newestChurn, normalizedChurn14d, qualityOf, windowQuality } from './quality.ts';

function row(
  day: number,
  lines: readonly [added: number, surviving: number, maturing: number],
  more = {},
): ChurnRecord {
  const [added, surviving, maturing] = lines;
  return {
    window: 'W0-01',
    captured_at: new Date(Date.UTC(2030, 0, day)).toISOString(),
    repo_id: 'a',
    survival: [
      { horizon_days: 7, added, surviving: added, maturing_lines: 0 },
      { horizon_days: 14, added, surviving, maturing_lines: maturing },
    ],
    ...more,
  };
}

test.each([
  [[100, 100, 0], 0, 1],
  [[100, 75, 0], 0.25, 0.75],
  [[100, 50, 0], 0.5, 0.5],
  // Worse than half stays at a half.
  [[100, 3, 0], 0.97, 0.5],
  // Young lines and none at all say nothing. The originals' default was 1.0.
  [[100, 60, 1], null, null],
  [[0, 0, 0], null, null],
] as const)('%j: churn %d, quality %d', (lines, churn, quality) => {
  const { survival = [] } = row(1, lines);
  expect(normalizedChurn14d(survival)).toBe(churn);
  expect(qualityOf(survival)).toBe(quality);
});

test('several repositories are one window: their lines are added up, each by its newest row', () => {
  const rows = [row(3, [10, 5, 0]), row(2, [10, 10, 0]), row(1, [30, 30, 0], { repo_id: 'b' })];
  expect(newestChurn(rows)).toHaveLength(2);
  expect(windowQuality(null, rows)).toEqual({ quality: 0.875, source: 'churn' });
  const young = [...rows, row(4, [30, 20, 10], { repo_id: 'b' })];
  expect(windowQuality(null, young)).toEqual({ quality: null, source: 'maturing' });
  expect(windowQuality(0.6, young)).toEqual({ quality: 0.6, source: 'override' });
});

test('rows of earlier writers have no survival and stand for themselves', () => {
  const old = (provider: string): ChurnRecord => ({ window: 'W0-01', captured_at: '2030-01-01T00:00:00Z', provider });
  expect(newestChurn([old('codex'), old('claude'), old('codex')])).toHaveLength(2);
  expect(windowQuality(null, [old('codex')])).toEqual({ quality: null, source: null });
});
