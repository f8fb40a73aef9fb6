import fc from 'fast-check';
import { expect, test } from 'vitest';
import { deltasOf } from './delta.ts';
import type { FieldDelta } from './delta.ts';

const MORNING = Date.parse('2025-10-14T09:00:00Z');
const HOUR = 3_600_000;

function weekly(before: object, after: object, hours = 2): FieldDelta {
  const ends = [
    { parsed: { ...before }, readMs: MORNING },
    { parsed: { ...after }, readMs: MORNING + hours * HOUR },
  ] as const;
  const found = deltasOf('codex', ...ends).find(({ field }) => field === 'weekly_pct');
  if (found === undefined) throw new Error('no weekly delta');
  return found;
}

const SUNDAY = '21:29 on 19 Oct';
const NEXT_SUNDAY = '21:29 on 26 Oct';

test('a rise within one window is its difference', () => {
  const found = weekly({ weekly_pct: 64, weekly_resets: SUNDAY }, { weekly_pct: 82, weekly_resets: SUNDAY });
  expect(found).toMatchObject({ delta: 18, at_least: null, why: 'known', reset_known: true });
});

/** What the original computes: a fall is taken for a wrap at 100. */
function originalDelta(before: number, after: number): number {
  return after >= before ? after - before : 100 - before + after;
}

test.each([
  [90, 10, 20],
  [5, 3, 98],
  [19, 10, 91],
])('%d → %d: the original wraps to %d, here it is never a number', (before, after, wrapped) => {
  expect(originalDelta(before, after)).toBe(wrapped);
  const sameReset = weekly({ weekly_pct: before, weekly_resets: SUNDAY }, { weekly_pct: after, weekly_resets: SUNDAY });
  expect(sameReset).toMatchObject({ delta: null, at_least: null, why: 'negative-delta' });
  const noReset = weekly({ weekly_pct: before }, { weekly_pct: after });
  expect(noReset).toMatchObject({ delta: null, at_least: null, why: 'negative-delta' });
  const reset = weekly(
    { weekly_pct: before, weekly_resets: SUNDAY },
    { weekly_pct: after, weekly_resets: NEXT_SUNDAY },
  );
  expect(reset).toMatchObject({ delta: null, at_least: after, why: 'crosses-reset' });
});

test('a rise over a reset is not a difference either: at least what the new window shows', () => {
  const found = weekly({ weekly_pct: 20, weekly_resets: SUNDAY }, { weekly_pct: 30, weekly_resets: NEXT_SUNDAY });
  expect(found).toMatchObject({ delta: null, at_least: 30, why: 'crosses-reset' });
});

test('a reset that passed while both readings name it: the lesser of both explanations is certain', () => {
  const at = '2025-10-14T10:00:00Z';
  const found = weekly({ weekly_pct: 20, weekly_resets_at: at }, { weekly_pct: 30, weekly_resets_at: at });
  expect(found).toMatchObject({ delta: null, at_least: 10, why: 'crosses-reset' });
  const fell = weekly({ weekly_pct: 20, weekly_resets_at: at }, { weekly_pct: 7, weekly_resets_at: at });
  expect(fell).toMatchObject({ delta: null, at_least: 7, why: 'crosses-reset' });
});

test('resets within 5 minutes are the same', () => {
  const found = weekly(
    { weekly_pct: 20, weekly_resets_at: '2025-10-19T21:29:00Z' },
    { weekly_pct: 25, weekly_resets_at: '2025-10-19T21:33:59.123456+00:00' },
  );
  expect(found.delta).toBe(5);
  const later = weekly(
    { weekly_pct: 20, weekly_resets_at: '2025-10-19T21:29:00Z' },
    { weekly_pct: 25, weekly_resets_at: '2025-10-19T21:35:00Z' },
  );
  expect(later).toMatchObject({ delta: null, at_least: 25 });
});

test('readings further apart than the window is long are of two windows', () => {
  expect(weekly({ weekly_pct: 20 }, { weekly_pct: 25 }, 7 * 24)).toMatchObject({ delta: null, at_least: 5 });
  expect(weekly({ weekly_pct: 20 }, { weekly_pct: 25 }, 7 * 24 - 1)).toMatchObject({ delta: 5, reset_known: false });
});

test.each([
  ['no number', { weekly_pct: null }, { weekly_pct: 5 }, 'missing'],
  ['absent', {}, { weekly_pct: 5 }, 'missing'],
  ['below 0', { weekly_pct: -1 }, { weekly_pct: 5 }, 'percent-out-of-range'],
  ['more than a bar holds', { weekly_pct: 0 }, { weekly_pct: 105 }, 'percent-out-of-range'],
])('%s: not known', (_, before, after, why) => {
  expect(weekly(before, after)).toMatchObject({ delta: null, at_least: null, why });
});

test('readings in the wrong order say nothing', () => {
  expect(weekly({ weekly_pct: 5 }, { weekly_pct: 9 }, -1)).toMatchObject({ delta: null, why: 'clock-skew' });
});

test('bars of one family of models are kept, and reset with the week they belong to', () => {
  const ends = (parsed: object, readMs: number): { parsed: Record<string, unknown>; readMs: number } => ({
    parsed: { ...parsed },
    readMs,
  });
  const before = { session_pct: 1, all_models_pct: 10, all_models_resets: 'Oct 20, 2am (Europe/Berlin)', opus_pct: 5 };
  const after = { ...before, all_models_pct: 12, opus_pct: 9, sonnet_pct: 4 };
  const same = deltasOf('claude', ends(before, MORNING), ends(after, MORNING + HOUR));
  expect(same.map(({ field, delta }) => [field, delta])).toEqual([
    ['session_pct', 0],
    ['all_models_pct', 2],
    ['opus_pct', 4],
    ['sonnet_pct', null],
  ]);
  const next = { ...after, all_models_resets: 'Oct 27, 2am (Europe/Berlin)', all_models_pct: 1 };
  const crossed = deltasOf('claude', ends(before, MORNING), ends(next, MORNING + HOUR));
  expect(crossed.find(({ field }) => field === 'opus_pct')).toMatchObject({ delta: null, at_least: 4 });
});

test('property: a delta is never negative and never above 100, and with one a bound is never given', () => {
  const parsed = fc.record({
    weekly_pct: fc.oneof(
      fc.constant(null),
      fc.integer({ min: -5, max: 130 }),
      fc.double({ min: 0, max: 100, noNaN: true }),
    ),
    weekly_resets: fc.constantFrom(undefined, SUNDAY, NEXT_SUNDAY, '21:29', '2025-10-19T21:29:00Z', 'Oct'),
  });
  fc.assert(
    fc.property(parsed, parsed, fc.integer({ min: -3, max: 400 }), (before, after, hours) => {
      const { delta, at_least: atLeast, why } = weekly(before, after, hours);
      if (delta !== null) {
        expect(why).toBe('known');
        expect(delta).toBeGreaterThanOrEqual(0);
        expect(delta).toBeLessThanOrEqual(100);
        expect(delta).toBeCloseTo(Number(after.weekly_pct) - Number(before.weekly_pct), 5);
      }
      if (atLeast !== null) {
        expect(why).toBe('crosses-reset');
        expect(atLeast).toBeGreaterThanOrEqual(0);
        // To a millionth, as everything here.
        expect(atLeast).toBeLessThanOrEqual(Number(after.weekly_pct) + 1e-6);
      }
    }),
    { numRuns: 300 },
  );
});

test('a number of a window that was over when it was read is no end of a difference', () => {
  const expired = ['Weekly limit'];
  const both = [
    { weekly_pct: 20, weekly_resets: SUNDAY },
    { weekly_pct: 30, weekly_resets: SUNDAY },
  ] as const;
  expect(weekly({ ...both[0], expired }, both[1])).toMatchObject({
    delta: null,
    at_least: null,
    why: 'window-expired',
  });
  expect(weekly(both[0], { ...both[1], expired })).toMatchObject({ delta: null, at_least: 10, why: 'crosses-reset' });
  expect(weekly(both[0], { ...both[1], expired: ['5h limit'] })).toMatchObject({ delta: 10, why: 'known' });
});
