import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Sight } from './pane.ts';
import { inOneLine, readResetText } from './reset-text.ts';
import { resolveReset } from './reset.ts';
import { vendorTime } from './vendor-time.ts';
import { clockAt, instantsOf } from './zoned-time.ts';

function resolved(
  text: string,
  observedAt: string,
  windowMin: number | null,
  timeZone?: string,
): [string | null, string[]] {
  const sight = new Sight('', { observedAt, ...(timeZone === undefined ? {} : { timeZone }) });
  const at = resolveReset(sight, text, { meter: 'm', windowMin });
  return [at, sight.end({}).problems.map(({ code }) => code)];
}

describe('a printed reset', () => {
  test.each([
    ['8:59pm (Europe/Berlin)', '2030-10-14T17:00:00Z', 300, '2030-10-14T18:59:00.000Z'],
    ['12am (Europe/Berlin)', '2030-10-14T20:00:00Z', 300, '2030-10-14T22:00:00.000Z'],
    ['12:30 PM (Europe/Berlin)', '2030-10-14T08:00:00Z', 300, '2030-10-14T10:30:00.000Z'],
    ['1:59am (Europe/Berlin)', '2030-10-14T20:00:00Z', 300, '2030-10-14T23:59:00.000Z'],
    ['Oct 20, 1:59am (Europe/Berlin)', '2030-10-14T17:00:00Z', 10_080, '2030-10-19T23:59:00.000Z'],
    ['October 20 at 1:59am (Europe/Berlin)', '2030-10-14T17:00:00Z', 10_080, '2030-10-19T23:59:00.000Z'],
    ['Jan 2, 2031, 10:59pm (America/New_York)', '2030-12-30T00:00:00Z', 10_080, '2031-01-03T03:59:00.000Z'],
    // Winter time began in between.
    ['Oct 28, 9am (Europe/Berlin)', '2030-10-22T17:00:00Z', 10_080, '2030-10-28T08:00:00.000Z'],
    ['Mar 31, 9am (Europe/Berlin)', '2030-03-28T17:00:00Z', 10_080, '2030-03-31T07:00:00.000Z'],
    // The year is over in between.
    ['Jan 2, 3am (UTC)', '2030-12-29T00:00:00Z', 10_080, '2031-01-02T03:00:00.000Z'],
    // Zones with odd offsets.
    ['6:15am (Asia/Kathmandu)', '2030-10-14T23:00:00Z', 300, '2030-10-15T00:30:00.000Z'],
    ['11:00am (Pacific/Kiritimati)', '2030-10-14T20:00:00Z', 300, '2030-10-14T21:00:00.000Z'],
  ] as const)('%s, read at %s in a window of %d minutes', (text, observedAt, windowMin, expected) => {
    expect(resolved(text, observedAt, windowMin)).toEqual([expected, []]);
  });

  test.each([
    ['13:01', '2030-10-14T10:00:00Z', 300, '2030-10-14T11:01:00.000Z'],
    ['21:29 on 19 Oct', '2030-10-14T10:00:00Z', 10_080, '2030-10-19T19:29:00.000Z'],
    ['00:01 on 20 Oct', '2030-10-14T10:00:00Z', 10_080, '2030-10-19T22:01:00.000Z'],
  ] as const)('%s is in the zone of the machine', (text, observedAt, windowMin, expected) => {
    expect(resolved(text, observedAt, windowMin, 'Europe/Berlin')).toEqual([expected, []]);
    expect(resolved(text, observedAt, windowMin)).toEqual([null, ['reset-unreadable']]);
  });

  test.each([
    ['just passed: not tomorrow', '13:01 (UTC)', '2030-10-14T13:01:30Z', 300, '2030-10-14T13:01:00.000Z'],
    ['hours ago', '9am (UTC)', '2030-10-14T13:00:00Z', 300, '2030-10-14T09:00:00.000Z'],
    ['last week: not next year', 'Oct 7, 9am (UTC)', '2030-10-14T13:00:00Z', 10_080, '2030-10-07T09:00:00.000Z'],
    ['a year that is over', 'Jan 2, 2026, 9am (UTC)', '2030-10-14T13:00:00Z', 10_080, '2026-01-02T09:00:00.000Z'],
  ])('%s', (_what, text, observedAt, windowMin, expected) => {
    expect(resolved(text, observedAt, windowMin)).toEqual([expected, []]);
  });

  test.each([
    ['a time shown twice when clocks go back', '2:30am (Europe/Berlin)', '2030-10-26T22:00:00Z', 300],
    ['further ahead than the window reaches', 'Oct 30, 9am (UTC)', '2030-10-14T13:00:00Z', 10_080],
    ['an unknown zone', '9pm (Mars/Olympus)', '2030-10-14T17:00:00Z', 300],
    ['an abbreviation that means several zones', '9pm (CST)', '2030-10-14T17:00:00Z', 300],
    ['half a time', 'Oct', '2030-10-14T17:00:00Z', 300],
    ['an hour without half of the day', '9 (UTC)', '2030-10-14T17:00:00Z', 300],
    ['minutes cut', '11:5 (UTC)', '2030-10-14T17:00:00Z', 300],
    ['25 o’clock', '25:00 (UTC)', '2030-10-14T17:00:00Z', 300],
    ['13pm', '13pm (UTC)', '2030-10-14T17:00:00Z', 300],
    ['0am', '0am (UTC)', '2030-10-14T17:00:00Z', 300],
    ['a date that never is', 'Feb 30, 9am (UTC)', '2030-02-27T17:00:00Z', 10_080],
    ['another language', '20. Okt., 2 Uhr (Europe/Berlin)', '2030-10-14T17:00:00Z', 10_080],
    ['no time of observation', '9pm (UTC)', 'yesterday', 300],
  ])('%s gives none, and says so', (_what, text, observedAt, windowMin) => {
    expect(resolved(text, observedAt, windowMin)).toEqual([null, ['reset-unreadable']]);
  });

  test('reads the same wherever it is broken, and is put together again', () => {
    const texts = [
      '8:59pm (Europe/Berlin)',
      'Oct 20, 1:59am (Europe/Berlin)',
      'Jan 2, 2031, 10:59pm',
      '21:29 on 19 Oct',
      '13:01',
    ];
    for (const text of texts) {
      for (let at = 1; at < text.length; at += 1) {
        for (const broken of [
          `${text.slice(0, at)}\n${text.slice(at)}`,
          `${text.slice(0, at).trimEnd()}\n  ${text.slice(at).trimStart()}`,
        ]) {
          expect(readResetText(broken)).toEqual(readResetText(text));
          expect(inOneLine(broken)).toBe(text);
        }
      }
    }
  });
});

test('the clocks of a zone and back, also across changes', () => {
  const zone = fc.constantFrom(
    'UTC',
    'Europe/Berlin',
    'America/New_York',
    'Australia/Lord_Howe',
    'Asia/Kathmandu',
    'Africa/Casablanca',
  );
  const minute = fc.integer({ min: Date.UTC(2020, 0) / 60_000, max: Date.UTC(2040, 0) / 60_000 });
  fc.assert(
    fc.property(zone, minute, (of, at) => {
      const clock = clockAt(at * 60_000, of);
      expect(clock === null ? [] : instantsOf(clock, of)).toContain(at * 60_000);
    }),
    { numRuns: 300 },
  );
});

test.each([
  [1_918_213_200, '2030-10-14T13:00:00.000Z'],
  [1_918_213_200_000, '2030-10-14T13:00:00.000Z'],
  ['1918213200', '2030-10-14T13:00:00.000Z'],
  ['2030-10-14T15:00:00.123456+02:00', '2030-10-14T13:00:00.123Z'],
  ['2030-10-14T13:00:00Z', '2030-10-14T13:00:00.000Z'],
])('%j is a time', (value, iso) => {
  expect(vendorTime(value)).toEqual({ kind: 'at', iso });
});

test.each([
  0,
  12,
  -1,
  1e18,
  NaN,
  Infinity,
  true,
  {},
  [],
  'soon',
  '2030-10-14',
  '2030-10-14T13:00:00',
  '2030-13-14T13:00:00Z',
])('%j is none', (value) => {
  expect(vendorTime(value)).toEqual({ kind: 'unreadable' });
});

test.each([null, undefined, ''])('%j is not there', (value) => {
  expect(vendorTime(value)).toEqual({ kind: 'absent' });
});
