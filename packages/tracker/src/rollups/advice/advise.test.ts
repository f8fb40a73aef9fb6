import { expect, test } from 'vitest';
import { advise } from './advise.ts';
import type { AdviceFacts, MeterFacts } from './facts.ts';

const meter: MeterFacts = {
  name: 'weekly',
  used_pp: 60,
  age_s: 120,
  confidence: 'official',
  resets_in_s: 183_600,
  pace: 1.25,
};
const facts: AdviceFacts = {
  provider: 'codex',
  meter,
  buffer: { verdict: 'go', window_pp: 18, reserve_pp: 10, n: 5 },
  runOut: { probability: 0.04, n: 5 },
  efficiency: { value: 0.1667, unit: 'pp', interval: { lo: 0.1, hi: 0.2449 }, n: 5 },
};

function stance(more: Partial<AdviceFacts>): string | undefined {
  return advise([{ ...facts, ...more }])[0]?.stance;
}

test('one sentence with every number it rests on', () => {
  expect(advise([facts])).toEqual([
    {
      provider: 'codex',
      stance: 'go',
      sentence:
        'codex: a window can start; weekly at 60 pp (official, read 2 min ago), 1.3 times an even pace, resets in 2 d 3 h; ' +
        'a window takes up to 18 pp, which makes 78 pp, and 90 pp is the limit (5 windows); ' +
        'the chance to run out is 4% (5 windows); 0.17 features per pp (0.10 to 0.24, 5 windows).',
    },
  ]);
});

test('any reason to hold wins', () => {
  expect(stance({ buffer: { verdict: 'stop', window_pp: 35, reserve_pp: 10, n: 5 } })).toBe('hold');
  expect(stance({ runOut: { probability: 0.21, n: 5 } })).toBe('hold');
  // The reserve is already touched, whatever a window takes.
  const unsure = { verdict: 'unknown', window_pp: null, reserve_pp: 10, n: 0 } as const;
  expect(stance({ meter: { ...meter, used_pp: 91 }, buffer: unsure })).toBe('hold');
});

test('what is not known is no go', () => {
  expect(stance({ buffer: null })).toBe('unknown');
  expect(stance({ meter: null })).toBe('unknown');
  expect(stance({ meter: { ...meter, age_s: 901 } })).toBe('unknown');
  expect(stance({ meter: { ...meter, confidence: 'estimate' } })).toBe('unknown');
  // An old reading can still hold: the meter has not fallen since.
  expect(stance({ meter: { ...meter, age_s: 901, used_pp: 95 } })).toBe('hold');
});

test('nothing known is said without a number', () => {
  const none = { provider: 'glm', meter: null, buffer: null, runOut: null, efficiency: null };
  expect(advise([none])[0]?.sentence).toBe(
    'glm: too little is known to start a window safely; no meter could be read.',
  );
  const early = {
    ...none,
    buffer: { verdict: 'unknown', window_pp: null, reserve_pp: 10, n: 1 },
    efficiency: { value: 0.05, unit: 'prompts', interval: 'unbounded', n: 3 },
  } as const;
  expect(advise([early])[0]?.sentence).toContain(
    'what a window uses is not known yet (1 window); 0.05 features per prompts (unbounded, 3 windows).',
  );
});
