import { expect, test } from 'vitest';
import { interactionOf, turnsIn } from './interaction.ts';
import type { InteractionTurn } from './interaction.ts';

function turn(ts: number, more: Partial<InteractionTurn> = {}): InteractionTurn {
  return { sessionId: 's', ts, latencyMs: 10_000, agent: '', ...more };
}

test('adds the gaps between an answer and the next request, each up to 5 minutes', () => {
  // Gaps of 50 s, of 20 minutes (300 s), and none: the request came before the last answer had ended.
  const turns = [turn(1260), turn(0), turn(60), turn(1265)];
  expect(interactionOf(turns, 2)).toEqual({ minutes: 350 / 60, impf: 350 / 120, source: 'prompt-gap' });
});

test('sessions stand apart; subagents have nobody to talk to; an unknown latency is none', () => {
  const turns = [turn(0), turn(10, { sessionId: 't' }), turn(20, { agent: 'x' }), turn(60, { latencyMs: null })];
  expect(interactionOf(turns, 1)?.minutes).toBe(1);
});

test('without two turns of a session there are no minutes, and without features none per feature', () => {
  expect(interactionOf([turn(0), turn(9, { sessionId: 't' })], 1)).toBeNull();
  expect(interactionOf([turn(0), turn(60)], 0)).toMatchObject({ impf: null });
  expect(interactionOf([turn(0), turn(60)], null)).toMatchObject({ impf: null });
});

test('the turns of a window lie between its first and its last reading, of any provider', () => {
  const at = (s: number): string => new Date(s * 1000).toISOString();
  const record = {
    window: 'W0-01',
    finalized_at: at(100),
    providers: {
      codex: { captured_at: { before: at(20), after: at(40) } },
      claude: { captured_at: { before: at(10), after: at(30) } },
    },
  };
  const turns = [5, 10, 11, 40, 41].map((ts) => turn(ts));
  expect(turnsIn(record, turns).map(({ ts }) => ts)).toEqual([11, 40]);
  expect(turnsIn({ ...record, providers: {} }, turns)).toEqual([]);
});
