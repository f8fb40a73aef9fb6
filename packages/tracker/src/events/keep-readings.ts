import type { MeterReadingRecord } from '@ccp/contracts';
import type { Outcome } from '../problem.ts';
import type { Reading } from '../reading.ts';
import type { Added, Book } from './book.ts';

/** A meter that stands still is written down again after this long, so that one sees it was looked at. */
const AGAIN_S = 1_800;
/** Resets of one window are told a little apart. */
const SAME_RESET_MS = 5 * 60_000;

/** Keeps readings of meters in readings.jsonl: only what says something new. */
export interface ReadingKeeper {
  keep(readings: readonly Reading[]): Promise<Outcome<Added>>;
}

export function readingKeeper(book: Book): ReadingKeeper {
  let newest: Map<string, Reading> | null = null;
  return {
    async keep(readings) {
      newest ??= newestReadings(book);
      const known = newest;
      const fresh = readings.filter((reading) => saysMore(known.get(meterOf(reading)), reading));
      const added = await book.appendMany(fresh.map((reading) => ({ ...reading, kind: 'meter_reading' as const })));
      if (added.ok) for (const reading of fresh) known.set(meterOf(reading), reading);
      return added;
    },
  };
}

function newestReadings(book: Book): Map<string, Reading> {
  const newest = new Map<string, Reading>();
  for (const found of book.rows('readings.jsonl', ['meter_reading'])) {
    if (!found.ok) continue;
    const row: MeterReadingRecord = found.value.row;
    const before = newest.get(meterOf(row));
    if (before === undefined || before.observed_at <= row.observed_at) newest.set(meterOf(row), row);
  }
  return newest;
}

function meterOf({ provider, account, scope, window_min: minutes, meter, lane, source }: Reading): string {
  return JSON.stringify([
    provider,
    account ?? null,
    scope ?? null,
    minutes ?? null,
    meter ?? null,
    lane ?? null,
    source,
  ]);
}

function saysMore(before: Reading | undefined, now: Reading): boolean {
  if (before === undefined) return true;
  const later = Date.parse(now.observed_at) - Date.parse(before.observed_at);
  // The same reading, told again, or an older one.
  if (!(later > 0)) return false;
  return (
    later >= AGAIN_S * 1000 ||
    before.used_pp !== now.used_pp ||
    before.used !== now.used ||
    before.status !== now.status ||
    isOtherReset(before.resets_at, now.resets_at)
  );
}

function isOtherReset(before: string | null | undefined, now: string | null | undefined): boolean {
  if (typeof before !== 'string' || typeof now !== 'string') return (before ?? null) !== (now ?? null);
  return Math.abs(Date.parse(before) - Date.parse(now)) > SAME_RESET_MS;
}
