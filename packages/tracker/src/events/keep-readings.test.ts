import { expect, test } from 'vitest';
import type { Reading } from '../reading.ts';
import { tempDir } from '../testing/temp-dir.ts';
import { openBook } from './book.ts';
import { readingKeeper } from './keep-readings.ts';

const at = (minute: number, over: Partial<Reading> = {}): Reading => ({
  provider: 'claude',
  account: null,
  scope: 'all',
  window_min: 300,
  used_pp: 12,
  resets_at: '2030-01-01T05:00:00.000Z',
  observed_at: new Date(Date.UTC(2030, 0, 1, 0, minute)).toISOString(),
  source: 'header',
  confidence: 'official',
  meter: 'unified-5h',
  status: 'allowed',
  ...over,
});

function kept(dir: string): (number | null | undefined)[] {
  return [...openBook(dir).rows('readings.jsonl', ['meter_reading'])].map((found) =>
    found.ok ? found.value.row.used_pp : null,
  );
}

test('only what says something new is written, also after a restart', async () => {
  using dir = tempDir();
  const keeper = readingKeeper(openBook(dir.path));
  for (const reading of [at(0), at(1), at(2, { used_pp: 13 }), at(3, { used_pp: 13 })]) await keeper.keep([reading]);
  expect(kept(dir.path)).toEqual([12, 13]);
  const again = readingKeeper(openBook(dir.path));
  for (const reading of [at(4, { used_pp: 13 }), at(5, { used_pp: 0, resets_at: '2030-01-01T10:00:00.000Z' })])
    await again.keep([reading]);
  expect(kept(dir.path)).toEqual([12, 13, 0]);
});

test('a reset told a minute apart is the same; an older reading changes nothing; one that stands still comes every half hour', async () => {
  using dir = tempDir();
  const keeper = readingKeeper(openBook(dir.path));
  const all = [at(10), at(11, { resets_at: '2030-01-01T05:01:00.000Z' }), at(5, { used_pp: 50 }), at(39), at(40)];
  for (const reading of all) await keeper.keep([reading]);
  expect(kept(dir.path)).toEqual([12, 12]);
});

test('meters are told apart by provider, scope, length, lane and source', async () => {
  using dir = tempDir();
  const others: Partial<Reading>[] = [
    { provider: 'codex' },
    { scope: 'model:opus' },
    { window_min: 10_080 },
    { lane: 'b' },
    { source: 'pane' },
  ];
  const keeper = readingKeeper(openBook(dir.path));
  await keeper.keep([at(0), ...others.map((over) => at(0, over))]);
  expect(kept(dir.path)).toHaveLength(6);
});
