import { expect, test } from 'vitest';
import type { Reading } from '../../reading.ts';
import { paceOf } from './pace.ts';

const NOW_TS = Date.parse('2030-01-01T12:00:00Z') / 1000;

function reading(more: Partial<Reading> = {}): Reading {
  return {
    provider: 'claude',
    window_min: 300,
    used_pp: 30,
    // 180 of 300 minutes to go.
    resets_at: '2030-01-01T15:00:00Z',
    observed_at: '2030-01-01T12:00:00Z',
    source: 'header',
    ...more,
  };
}

test('40 % of the time and 30 pp: slower than even', () => {
  const pace = paceOf(reading(), NOW_TS);
  expect(pace.elapsed).toBeCloseTo(0.4, 10);
  expect(pace.expected_pp).toBeCloseTo(40, 10);
  expect(pace.ahead_pp).toBeCloseTo(-10, 10);
  expect(pace.pace).toBeCloseTo(0.75, 10);
  expect(pace.resets_in_s).toBe(10_800);
});

test('an old reading is held against its own moment', () => {
  const pace = paceOf(reading({ observed_at: '2030-01-01T11:00:00Z' }), NOW_TS);
  expect(pace.pace).toBeCloseTo(1.5, 10);
  expect(pace.expected_pp).toBeCloseTo(40, 10);
});

test('what is not known stays unknown', () => {
  expect(paceOf(reading({ used_pp: null }), NOW_TS)).toMatchObject({ ahead_pp: null, pace: null, resets_in_s: 10_800 });
  expect(paceOf(reading({ window_min: null }), NOW_TS)).toMatchObject({ elapsed: null, resets_in_s: 10_800 });
  expect(paceOf(reading({ resets_at: null }), NOW_TS).resets_in_s).toBeNull();
  expect(paceOf(reading({ resets_at: '2030-01-01T11:59:59Z' }), NOW_TS).pace).toBeNull();
  // One minute into the window.
  const early = reading({ resets_at: '2030-01-01T16:59:00Z' });
  expect(paceOf(early, NOW_TS)).toMatchObject({ pace: null });
});
