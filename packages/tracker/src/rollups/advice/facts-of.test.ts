import { expect, test } from 'vitest';
import type { Reading } from '../../reading.ts';
import { standings } from '../standing.ts';
import { factsOf } from './facts-of.ts';

const NOW_TS = Date.UTC(2030, 0, 1, 12) / 1000;

function nameOf(scope: string, minutes: number | null): string | undefined {
  const reading: Reading = {
    provider: 'claude',
    account: null,
    scope,
    window_min: minutes,
    used_pp: 80,
    resets_at: null,
    observed_at: '2030-01-01T11:59:00.000Z',
    source: 'header',
    confidence: 'official',
  };
  const [facts] = factsOf(standings({ readings: [reading], records: [], nowTs: NOW_TS }), []);
  return facts?.meter?.name;
}

test('a meter of one model is not called by the name of the one for all', () => {
  expect(nameOf('all', 10_080)).toBe('weekly');
  expect(nameOf('model:opus', 10_080)).toBe('weekly opus');
  expect(nameOf('all', 300)).toBe('5h');
  expect(nameOf('model:sonnet', 300)).toBe('5h sonnet');
});
