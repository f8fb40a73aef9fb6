import { readdirSync, readFileSync } from 'node:fs';
import { parseMeterReading } from '@ccp/contracts';
import { expect, test } from 'vitest';
import { paneParsers } from './pane-parsers.ts';
import type { PaneName } from './pane-parsers.ts';

const FOLDER = new URL('../../../../../fixtures/tracker/panes/', import.meta.url);

interface Expected {
  readonly file: string;
  readonly parser: PaneName;
  readonly observed_at: string;
  /** Null: the zone of the machine is not known. */
  readonly time_zone: string | null;
  readonly parsed: Readonly<Record<string, unknown>>;
  readonly readings: readonly (readonly [string, number | null, number | null, string | null])[];
  readonly problems: readonly string[];
}

const read = (file: string): string => readFileSync(new URL(file, FOLDER), 'utf8');
const expected = JSON.parse(read('expected.json')) as readonly Expected[];

/** To a millionth of a point: the expected figures are written in decimals. */
const rounded = (value: unknown): unknown => (typeof value === 'number' ? Number(value.toFixed(6)) : value);

test.each(expected.map((one) => [`${one.file} as ${one.parser} in ${one.time_zone}`, one] as const))(
  '%s',
  (_name, one) => {
    const when = { observedAt: one.observed_at, ...(one.time_zone === null ? {} : { timeZone: one.time_zone }) };
    const { parsed, readings, problems } = paneParsers[one.parser](read(one.file), when);
    expect(Object.fromEntries(Object.entries(parsed).map(([key, value]) => [key, rounded(value)]))).toEqual(one.parsed);
    const shown = readings.map((reading) => [
      reading.scope,
      reading.window_min,
      rounded(reading.used_pp),
      reading.resets_at,
    ]);
    expect(shown).toEqual(one.readings);
    expect(problems.map(({ code }) => code)).toEqual(one.problems);
    for (const reading of readings) {
      expect(parseMeterReading({ kind: 'meter_reading', ...reading })).toMatchObject({ ok: true });
      expect(reading.raw_sha256).toMatch(/^[0-9a-f]{64}$/);
    }
  },
);

test('every fixture has an expectation', () => {
  const files = readdirSync(FOLDER).filter((file) => file !== 'README.md' && file !== 'expected.json');
  expect(new Set(expected.map(({ file }) => file))).toEqual(new Set(files));
});
