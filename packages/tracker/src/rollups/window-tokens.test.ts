import type { WindowRecord } from '@ccp/contracts';
import { expect, test } from 'vitest';
import type { ReportTurn } from './report/report-turn.ts';
import { windowResiduals } from './window-tokens.ts';
import { windowPoints } from './windows/points.ts';

const MTOK = [1, 2, 3, 4, 2, 5, 1, 3, 2, 4];
/** The last window took 20 pp more than its tokens explain. */
const AWAY_PP = 20;

const at = (hour: number): string => new Date(Date.UTC(2030, 0, 1, hour)).toISOString();

const records: WindowRecord[] = MTOK.map((mtok, nth) => {
  const used = 4 * mtok + (nth === MTOK.length - 1 ? AWAY_PP : 0);
  return {
    kind: 'window',
    window: `W0-${nth}`,
    finalized_at: at(10 * nth + 6),
    features: { claude: 1 },
    providers: {
      claude: {
        before: { all_models_pct: 10 },
        after: { all_models_pct: 10 + used },
        delta: { all_models_pct: used },
        capacity: used,
        capacity_unit: 'pp',
        capacity_field: 'all_models_pct',
        captured_at: { before: at(10 * nth), after: at(10 * nth + 5) },
      },
    },
  };
});

const turn = (hour: number, mtok: number, model = 'claude-sonnet-4-5'): ReportTurn => ({
  ts: Date.parse(at(hour)) / 1000,
  sessionId: '',
  model,
  input: mtok * 1e6,
  output: 0,
  cacheWrite: 0,
  cacheWrite1h: 0,
  cacheRead: 9e9,
  features: null,
});
const turns = MTOK.map((mtok, nth) => turn(10 * nth + 1, mtok));
const [claude] = windowPoints(records);
if (claude === undefined) throw new Error('no points');

test('what was used off this machine shows in its window, and in no other beyond chance', () => {
  const found = windowResiduals(claude, records, turns);
  expect(found.at(-1)?.found).toMatchObject({ observedPp: 36, isBeyondChance: true });
  expect(found.at(-1)?.found?.unexplainedPp).toBeCloseTo(AWAY_PP, 6);
  expect(found.slice(0, -1).filter(({ found: one }) => one?.isBeyondChance)).toEqual([]);
});

test('turns outside a window, of other providers, and cache reads explain nothing', () => {
  const others = [turn(7, 50), turn(2, 50, 'glm-4.6'), turn(0, 50)];
  expect(windowResiduals(claude, records, [...turns, ...others])).toEqual(windowResiduals(claude, records, turns));
});

test('too few windows are refused with what is missing; a bar without known models has none', () => {
  const few = windowResiduals({ ...claude, points: claude.points.slice(0, 4) }, records, turns);
  expect(few).toHaveLength(4);
  expect(few[0]).toMatchObject({ found: null, why: expect.stringContaining('it needs 8') });
  expect(windowResiduals({ ...claude, provider: 'glm' }, records, turns)).toEqual([]);
});
