import { expect, test } from 'vitest';
import { adviceLines, suggestionLines } from './advice.ts';
import { lineCells, renderLine } from './line.ts';

test('a mark and a word before each sentence, at any width', () => {
  const advice = [
    { provider: 'codex', stance: 'hold', sentence: 'codex: start no window; weekly at 91 pp.' },
    { provider: 'glm', stance: 'unknown', sentence: 'glm: too little is known.' },
  ] as const;
  expect(adviceLines(advice, 80).map((line) => renderLine(line, 80, false))).toEqual([
    '■ HOLD codex: start no window; weekly at 91 pp.',
    '? UNKNOWN glm: too little is known.',
  ]);
  for (const width of [20, 40]) {
    const lines = adviceLines(advice, width);
    expect(Math.max(...lines.map(lineCells))).toBeLessThanOrEqual(width);
    expect(lines.map((line) => renderLine(line, width, false)).join(' ')).toContain('weekly at 91 pp.');
  }
  expect(adviceLines([], 80)).toHaveLength(1);
});

test('a diff is shown as it is, and what was not enough is named', () => {
  const diff = { file: 'quotas.json', text: '--- a\n+++ b\n@@ -1 +1 @@\n-x\n+y\u001B[2J\n', applied: [] } as const;
  expect(suggestionLines([diff, { ...diff, text: '' }], [{ about: 'warn_pct of m', reason: 'no confidence' }])).toEqual(
    [
      'Suggested, not written:',
      '',
      '--- a',
      '+++ b',
      '@@ -1 +1 @@',
      '-x',
      '+y?[2J',
      '',
      'Too little evidence:',
      '  - warn_pct of m: no confidence',
    ],
  );
  expect(suggestionLines([], [])).toEqual(['Nothing to change.']);
});
