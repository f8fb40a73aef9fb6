import { expect, test } from 'vitest';
import { isSameResetText, readResetText } from './reset-text.ts';

test.each([
  ['13:01', { minuteOfDay: 781, month: null, day: null, year: null }],
  ['(resets 13:01)', { minuteOfDay: 781, month: null, day: null, year: null }],
  ['9pm (GMT+02:00)', { minuteOfDay: 1260, month: null, day: null, year: null }],
  ['21:29 on 19 Oct', { minuteOfDay: 1289, month: 9, day: 19, year: null }],
  ['8:59pm (Europe/Berlin)', { minuteOfDay: 1259, month: null, day: null, year: null }],
  ['9pm (Europe/Berlin)', { minuteOfDay: 1260, month: null, day: null, year: null }],
  ['12am', { minuteOfDay: 0, month: null, day: null, year: null }],
  ['12:30pm', { minuteOfDay: 750, month: null, day: null, year: null }],
  ['Oct 20, 1:59am (Europe/Berlin)', { minuteOfDay: 119, month: 9, day: 20, year: null }],
  ['Oct 20, 2am', { minuteOfDay: 120, month: 9, day: 20, year: null }],
  ['Oct 20 at 2am', { minuteOfDay: 120, month: 9, day: 20, year: null }],
  ['Jan 2, 2026, 10:59pm', { minuteOfDay: 1379, month: 0, day: 2, year: 2026 }],
  ['Oct', null],
  ['25:00', null],
  ['', null],
])('%s', (text, expected) => {
  expect(readResetText(text)).toEqual(expected);
});

const READ = Date.parse('2025-10-14T09:00:00Z');
const HOUR = 3_600_000;

function same(a: string, b: string, hours = 1, fromMs = READ): boolean {
  const [first, second] = [readResetText(a), readResetText(b)];
  if (first === null || second === null) throw new Error('unreadable');
  return isSameResetText(first, fromMs, second, fromMs + hours * HOUR);
}

test('times differ by minutes, over midnight and over the year', () => {
  expect(same('Oct 20, 1:59am', 'Oct 20, 2am')).toBe(true);
  expect(same('13:01', '13:06')).toBe(true);
  expect(same('13:01', '13:07')).toBe(false);
  expect(same('23:59', '00:01')).toBe(true);
  expect(same('23:58 on 19 Oct', '00:01 on 20 Oct')).toBe(true);
  expect(same('00:01 on 19 Oct', '23:58 on 19 Oct')).toBe(false);
  expect(same('23:58 on 31 Dec', '00:01 on 1 Jan', 1, Date.parse('2025-12-31T20:00:00Z'))).toBe(true);
  expect(same('Jan 2, 2026, 10:59pm', 'Jan 2, 10:59pm', 1, Date.parse('2025-12-31T20:00:00Z'))).toBe(true);
});

test('another day is another window', () => {
  expect(same('21:29 on 19 Oct', '21:29 on 26 Oct')).toBe(false);
  expect(same('13:01', '13:01', 24)).toBe(false);
});

test('a pane leaves the day out on the day itself', () => {
  expect(same('21:29 on 19 Oct', '21:29', 5 * 24 + 1)).toBe(true);
  expect(same('21:29 on 19 Oct', '21:29', 12 * 24)).toBe(false);
});
