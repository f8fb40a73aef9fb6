import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { paneParsers } from './pane-parsers.ts';
import type { PaneName } from './pane-parsers.ts';
import type { Look } from './pane.ts';

const LOOK: Look = { observedAt: '2030-10-14T10:00:00.000Z', timeZone: 'Europe/Berlin' };
const NAMES = Object.keys(paneParsers) as PaneName[];

function codesOf(name: PaneName, text: string, when: Look = LOOK): readonly string[] {
  const { readings, problems } = paneParsers[name](text, when);
  expect(readings).toEqual([]);
  return problems.map(({ code }) => code);
}

test.each(NAMES)('%s: what is no text at all has a name', (name) => {
  expect(codesOf(name, '')).toContain('empty-text');
  expect(codesOf(name, ' \r\n\t\n ')).toContain('empty-text');
  expect(codesOf(name, '\u007fELF\u0002\u0001\u0001\u0000\u0000\u0000')).toContain('binary-text');
  expect(codesOf(name, '\uFFFD'.repeat(100))).toContain('binary-text');
  expect(codesOf(name, '5h limit: [] 1% used\n'.repeat(1 << 20))).toContain('text-too-large');
});

test('64 MiB are refused at once, and the largest that is read takes no more than its length asks for', () => {
  const huge = ' Current session\n'.repeat(4_000_000);
  const started = performance.now();
  for (const name of NAMES) expect(codesOf(name, huge)).toContain('text-too-large');
  expect(performance.now() - started).toBeLessThan(2000);
  // Each of these was quadratic in some pattern that could have been chosen.
  for (const piece of [
    '5h limit:\n',
    'Current week (',
    ' Current session\n',
    ' ',
    '\u001b[1',
    'Resets (',
    '1,',
    '│ a',
  ]) {
    const text = `x${piece.repeat(Math.floor(500_000 / piece.length))}`;
    const begun = performance.now();
    for (const name of ['codex', 'claude', 'claude-monitor'] as const) codesOf(name, text);
    expect(performance.now() - begun).toBeLessThan(5000);
  }
});

test.each(NAMES)('%s: a time of observation that is none is no crash', (name) => {
  const text = ' Current session\n 1% used\n Resets 9pm (UTC)\n Current week\n 2% used';
  expect(paneParsers[name](text, { observedAt: 'once' }).problems.length).toBeGreaterThan(0);
});

// Values a vendor might put anywhere once it changes its mind.
const odd = fc.oneof(
  fc.constantFrom(null, true, '', '12', 'NaN', -1, 1e9, 0.5, 105, [], {}, '2030-10-14T13:00:00Z', 1_918_213_200),
  fc.string({ maxLength: 8 }),
);
const names = fc.constantFrom(
  ...[
    'rate_limits',
    'five_hour',
    'seven_day',
    'used_percentage',
    'utilization',
    'resets_at',
    'limits',
    'kind',
    'percent',
  ],
  ...[
    'primary',
    'secondary',
    'used_percent',
    'usedPercent',
    'window_minutes',
    'windowDurationMins',
    'rateLimits',
    'result',
  ],
  ...[
    'data',
    'type',
    'unit',
    'number',
    'usage',
    'currentValue',
    'percentage',
    'code',
    'success',
    'extra_usage',
    '__proto__',
  ],
  ...['blocks', 'prompts_used', 'days', 'week', 'percentUsed', 'tokensUsed', 'cachedUsageUtilization', 'fetchedAtMs'],
);
const { document } = fc.letrec((tie) => ({
  document: fc.oneof(
    { maxDepth: 5, depthSize: 'medium' },
    odd,
    fc.dictionary(names, tie('document'), { maxKeys: 6 }),
    fc.array(tie('document'), { maxLength: 3 }),
  ),
}));

test.each(NAMES)('%s: documents of any shape never throw, and a share is a finite number or none', (name) => {
  fc.assert(
    fc.property(fc.dictionary(names, document), (value) => {
      for (const { used_pp: pp } of paneParsers[name](JSON.stringify(value), LOOK).readings) {
        expect(pp === null || pp === undefined || (Number.isFinite(pp) && pp >= 0)).toBe(true);
      }
    }),
    { numRuns: 60 },
  );
});
