import type { WindowRecord } from '@ccp/contracts';
import { expect, test } from 'vitest';
import type { Reading } from '../reading.ts';
import { standings, worstStatus } from './standing.ts';

const NOW_TS = Date.UTC(2030, 0, 1, 12) / 1000;

const reading = (over: Partial<Reading> = {}): Reading => ({
  provider: 'claude',
  account: null,
  scope: 'all',
  window_min: 10_080,
  used_pp: 80,
  resets_at: '2030-01-04T00:00:00.000Z',
  observed_at: '2030-01-01T11:59:00.000Z',
  source: 'header',
  confidence: 'official',
  ...over,
});

const record = (window: string, delta: number | null, over: Partial<WindowRecord> = {}): WindowRecord => ({
  kind: 'window',
  window,
  finalized_at: `2029-12-0${window.at(-1)}T00:00:00.000Z`,
  providers: { claude: { delta: { all_models_pct: delta, session_pct: 40 } } },
  ...over,
});

const three = [record('W-1', 4), record('W-2', 5), record('W-3', 6)];

test('earlier windows of the same meter decide, a need that is named goes before them', () => {
  const [own] = standings({ readings: [reading()], records: three, nowTs: NOW_TS });
  expect(own?.deltas_pp.map(({ delta_pp: delta }) => delta)).toEqual([4, 5, 6]);
  expect(own?.verdict).toMatchObject({ status: 'ok', current_pp: 80, projected_pp: 6 });
  const [needed] = standings({ readings: [reading()], records: three, nowTs: NOW_TS, needPp: 11 });
  expect(needed?.verdict).toMatchObject({ status: 'inside-buffer', projected_pp: 11, basis: 'need' });
});

test('a window without a known delta is no zero, and of a window finalized twice the newest counts', () => {
  const records = [...three, record('W-4', null), record('W-1', 9, { finalized_at: '2030-01-01T00:00:00.000Z' })];
  const [own] = standings({ readings: [reading()], records, nowTs: NOW_TS });
  expect(own?.deltas_pp.map(({ delta_pp: delta }) => delta).toSorted((a, b) => a - b)).toEqual([5, 6, 9]);
});

test('the fullest meter decides for all', () => {
  const readings = [reading(), reading({ window_min: 300, used_pp: 100, resets_at: '2030-01-01T14:00:00.000Z' })];
  const all = standings({ readings, records: three, nowTs: NOW_TS });
  expect(all.map(({ window_min: minutes, verdict }) => [minutes, verdict.status])).toEqual([
    [10_080, 'ok'],
    [300, 'at-limit'],
  ]);
  expect(worstStatus(all)).toBe('at-limit');
  expect(worstStatus([])).toBe('no-data');
});

test('a reading whose window is over says nothing about now', () => {
  const over = reading({ resets_at: '2030-01-01T11:59:30.000Z' });
  expect(standings({ readings: [over], records: three, nowTs: NOW_TS })).toMatchObject([
    { reading: null, verdict: { status: 'no-data' } },
  ]);
});

test('amounts without a bar and money on top have no buffer', () => {
  const readings = [reading({ used_pp: null, used: 5, unit: 'prompts' }), reading({ scope: 'overage', used_pp: 3 })];
  expect(standings({ readings, records: [], nowTs: NOW_TS })).toEqual([]);
});

test('a bar of one family of models is held against its own deltas', () => {
  const records = [record('W-1', 4, { providers: { claude: { delta: { all_models_pct: 4, opus_pct: 9 } } } })];
  const scoped = [reading({ scope: 'model:opus' }), reading({ scope: 'model:fable' })];
  const found = standings({ readings: scoped, records, nowTs: NOW_TS });
  expect(found.map(({ scope, deltas_pp: deltas }) => [scope, deltas.map(({ delta_pp: delta }) => delta)])).toEqual([
    ['model:fable', []],
    ['model:opus', [9]],
  ]);
});
