import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Reading } from '../../reading.ts';
import { bestReadings, confidenceOf } from './best-reading.ts';
import { resetName } from './identity.ts';

const NOW_TS = Date.parse('2030-01-01T12:00:00Z') / 1000;

function at(minutes: number): string {
  return new Date((NOW_TS + minutes * 60) * 1000).toISOString();
}

function reading(more: Partial<Reading> = {}): Reading {
  return {
    provider: 'claude',
    account: null,
    scope: 'all',
    window_min: 300,
    used_pp: 40,
    resets_at: at(120),
    observed_at: at(-1),
    source: 'header',
    confidence: 'official',
    ...more,
  };
}

function best(...readings: Reading[]): Reading | null | undefined {
  return bestReadings(readings, NOW_TS)[0]?.best;
}

test('the newest of equal confidence', () => {
  expect(best(reading({ used_pp: 41, observed_at: at(-2) }), reading({ used_pp: 40 }))?.used_pp).toBe(40);
});

test('confidence before age', () => {
  const local = reading({ confidence: 'local', source: 'ccusage', observed_at: at(0) });
  expect(best(local, reading({ observed_at: at(-30) }))?.source).toBe('header');
});

test('a fresher window is never overwritten by an older one, however newly that was read', () => {
  const stale = reading({ used_pp: 97, resets_at: at(30), observed_at: at(0), source: 'cache' });
  const [found] = bestReadings([reading({ used_pp: 3, observed_at: at(-10) }), stale], NOW_TS);
  expect(found?.best?.used_pp).toBe(3);
  expect(found?.voided).toEqual([{ reading: stale, why: 'older-window' }]);
});

test('resets within 5 minutes are one window', () => {
  const jittered = reading({ used_pp: 44, resets_at: at(117), observed_at: at(0) });
  expect(best(reading(), jittered)?.used_pp).toBe(44);
});

test('a reading without a reset is of the current window only if it was seen within it', () => {
  const inside = reading({ used_pp: 44, resets_at: null, observed_at: at(0) });
  expect(best(reading(), inside)?.used_pp).toBe(44);
  const [found] = bestReadings([reading(), inside], NOW_TS);
  expect(found?.identity?.reset).toBe(at(120));
  // The current window began 180 minutes ago.
  const outside = reading({ used_pp: 99, resets_at: null, observed_at: at(-200), confidence: 'official' });
  expect(bestReadings([reading(), outside], NOW_TS)[0]?.voided).toEqual([{ reading: outside, why: 'older-window' }]);
});

test.each([
  ['its reset has passed', { resets_at: at(-1) }, 'expired'],
  ['it is older than its window is long', { resets_at: null, observed_at: at(-301) }, 'expired'],
  ['it has no number', { used_pp: null }, 'no-number'],
  ['it was seen in the future', { observed_at: at(10) }, 'bad-time'],
  ['its time is none', { observed_at: 'yesterday' }, 'bad-time'],
])('void when %s: no best, and not 0', (_, more, why) => {
  const [found] = bestReadings([reading(more)], NOW_TS);
  expect(found).toMatchObject({ best: null, identity: null, age_s: null, voided: [{ why }] });
});

test('zero is a reading', () => {
  expect(best(reading({ used_pp: 0 }), reading({ used_pp: null, observed_at: at(0) }))?.used_pp).toBe(0);
});

test('accounts, scopes and lengths are meters of their own; lanes only where they may be accounts', () => {
  const found = bestReadings(
    [
      reading(),
      reading({ account: 'aa' }),
      reading({ scope: 'model:opus' }),
      reading({ window_min: 10_080 }),
      reading({ provider: 'glm', lane: 'zai' }),
      reading({ provider: 'glm', source: 'glm-api' }),
      reading({ provider: 'codex', lane: 'one', used_pp: 10 }),
      reading({ provider: 'codex', lane: 'two', used_pp: 90 }),
    ],
    NOW_TS,
  );
  expect(found.map(({ key }) => [key.provider, key.account, key.lane, key.scope, key.window_min])).toEqual(
    expect.arrayContaining([
      ['claude', null, null, 'all', 300],
      ['claude', 'aa', null, 'all', 300],
      ['claude', null, null, 'model:opus', 300],
      ['claude', null, null, 'all', 10_080],
      ['glm', null, null, 'all', 300],
      ['codex', null, 'one', 'all', 300],
      ['codex', null, 'two', 'all', 300],
    ]),
  );
  expect(found).toHaveLength(7);
});

test('a source that does not say how sure it is', () => {
  const { confidence: _, ...silent } = reading();
  const sources = ['header', 'pane', 'ccusage', 'override', 'estimate', 'something-new'];
  expect(sources.map((source) => confidenceOf({ ...silent, source }))).toEqual([
    'official',
    'official',
    'local',
    'local',
    'estimate',
    'estimate',
  ]);
});

test('a window is named by its reset to 5 minutes', () => {
  expect(resetName('2030-01-01T12:02:29Z')).toBe('2030-01-01T12:00:00.000Z');
  expect(resetName('2030-01-01T12:02:31Z')).toBe('2030-01-01T12:05:00.000Z');
  expect(resetName(null)).toBeNull();
});

const someReading = fc
  .record({
    used_pp: fc.option(fc.integer({ min: 0, max: 105 })),
    resets_at: fc.constantFrom(null, at(-10), at(60), at(62), at(300)),
    observed_at: fc.integer({ min: -400, max: 20 }).map(at),
    source: fc.constantFrom('header', 'pane', 'cache', 'ccusage'),
    confidence: fc.constantFrom('official', 'local', 'estimate'),
  })
  .map(reading);

test('property: the order of readings is irrelevant', () => {
  fc.assert(
    fc.property(
      fc
        .array(someReading, { maxLength: 8 })
        .chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length }))),
      ([all, shuffled]) => {
        expect(bestReadings(shuffled, NOW_TS)).toEqual(bestReadings(all, NOW_TS));
      },
    ),
    { numRuns: 150 },
  );
});

test('property: one more reading never leads to an earlier window, nor to an older reading of equal trust', () => {
  fc.assert(
    fc.property(fc.array(someReading, { minLength: 1, maxLength: 8 }), someReading, (all, more) => {
      const [was] = bestReadings(all, NOW_TS);
      const [is] = bestReadings([...all, more], NOW_TS);
      if (was?.best === null || was === undefined) return;
      if (is?.best === null || is === undefined) throw new Error('one more reading left none');
      const [old, now] = [was.best, is.best];
      expect(now.used_pp).not.toBeNull();
      const [oldReset, newReset] = [Date.parse(old.resets_at ?? ''), Date.parse(now.resets_at ?? '')];
      if (newReset < oldReset) expect(oldReset - newReset).toBeLessThanOrEqual(300_000);
      const isSameWindow = was.identity?.reset === is.identity?.reset;
      if (isSameWindow && now.confidence === old.confidence) {
        expect(Date.parse(now.observed_at)).toBeGreaterThanOrEqual(Date.parse(old.observed_at));
      }
    }),
    { numRuns: 300 },
  );
});
