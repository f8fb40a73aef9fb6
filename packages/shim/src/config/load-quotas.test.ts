import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { QuotaConfig } from './catalog.ts';
import { describeProblem, type ConfigProblem } from './config-problem.ts';
import { parseQuotaConfig } from './load-quotas.ts';

const FIXTURES = new URL('../../../../fixtures/shim/config/', import.meta.url);

function load(content: unknown): QuotaConfig {
  const text = typeof content === 'string' ? content : JSON.stringify(content, null, 2);
  const config = parseQuotaConfig('quotas.json', text, 7);
  if ('limits' in config) return config;
  throw new Error(describeProblem(config));
}

function problemOf(text: string): ConfigProblem {
  const answer = parseQuotaConfig('quotas.json', text, 7);
  if ('limits' in answer) throw new Error('was accepted');
  return answer;
}

describe('parseQuotaConfig', () => {
  it('loads what earlier versions shipped, and says that hours do not block', () => {
    const config = load(readFileSync(new URL('older-quotas.json', FIXTURES), 'utf8'));
    expect(config).toMatchObject({ path: 'quotas.json', rollingSeconds: 18_000, weeklySeconds: 604_800, loadedTs: 7 });
    expect(config.limits).toEqual([
      expect.objectContaining({ model: 'claude-haiku-4.5', lane: 'zai', rollingTokens: 300_000, warnPct: 0.8 }),
      expect.objectContaining({ model: 'claude-sonnet-4.5', lane: 'anthropic', weeklyType: 'hours', weeklyValue: 40 }),
    ]);
    expect(config.warnings.map(describeProblem)).toEqual([
      expect.stringMatching(/^quotas\.json:9: models\.claude-haiku-4\.5 .*hours.*never blocks/),
      expect.stringMatching(/^quotas\.json:16: models\.claude-sonnet-4\.5 /),
    ]);
  });

  it('fills in what is left out', () => {
    expect(load({ models: { m: {} } })).toMatchObject({
      rollingSeconds: 18_000,
      weeklySeconds: 604_800,
      limits: [
        {
          model: 'm',
          lane: null,
          rollingTokens: null,
          weeklyType: 'tokens',
          weeklyValue: null,
          warnPct: null,
          weights: { input: 1, output: 1, cacheWrite: 1, cacheRead: 0 },
          weeklyAnchor: 'vendor',
        },
      ],
      warnings: [],
    });
    expect(load({ windows: { rolling_seconds: 60 }, models: {} })).toMatchObject({
      rollingSeconds: 60,
      weeklySeconds: 604_800,
      limits: [],
    });
  });

  it('takes a cap of zero or null for none', () => {
    const { limits } = load({
      models: { a: { rolling_tokens: 0, weekly_limit_value: 0, warn_pct: 0 }, b: { rolling_tokens: null } },
    });
    expect(limits).toMatchObject([
      { rollingTokens: null, weeklyValue: null, warnPct: null },
      { rollingTokens: null, weeklyValue: null },
    ]);
  });

  it('keeps the order of the file, which decides between globs', () => {
    const { limits } = load({ models: { 'z-*': {}, 'a-*': {}, m: {} } });
    expect(limits.map(({ model }) => model)).toEqual(['z-*', 'a-*', 'm']);
  });

  it('reads weights and the anchor', () => {
    const { limits } = load({
      models: { m: { weights: { output: 5, cache_read: 0.1 }, anchor: '2026-01-05T10:00:00+01:00' } },
    });
    expect(limits[0]).toMatchObject({
      weights: { input: 1, output: 5, cacheWrite: 1, cacheRead: 0.1 },
      weeklyAnchor: Date.UTC(2026, 0, 5, 9) / 1000,
    });
  });

  it('refuses an empty window, with the line: it would make every sum zero', () => {
    expect(problemOf('{\n"windows": {\n"rolling_seconds": 0\n},\n"models": {}\n}')).toMatchObject({
      line: 3,
      message: '/windows/rolling_seconds must be at least 1',
    });
  });

  it('refuses a week that is shorter than the rolling window, or keeps both right', () => {
    const answer = parseQuotaConfig(
      'quotas.json',
      '{"windows": {"rolling_seconds": 18000, "weekly_seconds": 3600}, "models": {}}',
      0,
    );
    if ('limits' in answer) expect(answer.weeklySeconds).toBeGreaterThanOrEqual(answer.rollingSeconds);
    else expect(answer.line).toBe(1);
  });

  it.each([
    ['a cap as text', '{\n"models": {\n"m": {\n"rolling_tokens": "many"\n}}}', 4, '/models/m/rolling_tokens'],
    [
      'a negative cap',
      '{\n"models": {\n"m": { "warn_pct": 0.5,\n"rolling_tokens": -1\n}}}',
      4,
      '/models/m/rolling_tokens',
    ],
    ['a threshold in percent', '{\n"models": {\n"m": {\n"warn_pct": 80 }}}', 4, '/models/m/warn_pct'],
    [
      'another unit',
      '{"models": {\n"org/a":\n{ "weekly_limit_type": "days" }}}',
      3,
      '/models/org~1a/weekly_limit_type',
    ],
    ['a bad anchor', '{"models": {\n"m": {\n"anchor": "monday" }}}', 3, '/models/m/anchor'],
    ['an entry that is no object', '{"models": {\n"a": {},\n"m": 5}}', 3, '/models/m'],
    ['no models', '{\n"modles": {}\n}', 1, '/models'],
    ['something else', '[1]', 1, 'the file'],
  ])('names the line of %s', (_name, text, line, path) => {
    const problem = problemOf(text);
    expect(problem.line).toBe(line);
    expect(problem.message).toContain(path);
    expect(problem.remedy).not.toBe('');
  });

  it.each([
    ['a comma too many', '{\n  "models": {\n    "m": { "rolling_tokens": 5, },\n    "n": {}\n  }\n}\n', 3],
    ['a comma missing', '{\n  "models": {\n    "m": {}\n    "n": {}\n  }\n}\n', 4],
    ['a bare word', '{\n  "models": {\n    "m": { "rolling_tokens": many },\n    "n": {}\n  }\n}\n', 3],
    ['a grouped number', '{\n  "models": {\n    "m": { "rolling_tokens": 300_000 },\n    "n": {}\n  }\n}\n', 3],
    ['a comment', '{\n  "models": {\n    // none yet\n    "n": {}\n  }\n}\n', 3],
    ['single quotes', '{\n  "models": {\n    \'m\': {},\n    "n": {}\n  }\n}\n', 3],
    ['an open string', '{\n  "models": {\n    "m: {},\n    "n": {}\n  }\n}\n', 3],
    ['an early end', '{\n  "models": {\n    "m": {}', 3],
  ])('names the line of a slip in the JSON: %s', (_name, text, line) => {
    const problem = problemOf(text);
    expect(problem.message).toContain('not valid JSON');
    expect(problem.line).toBe(line);
  });

  it('finds the line in a file indented with tabs', () => {
    expect(problemOf('{\n\t"models": {\n\t\t"m": {\n\t\t\t"rolling_tokens": "many"\n\t\t}\n\t}\n}').line).toBe(4);
  });

  it('never repeats the content of a file that is not JSON: it may be a key', () => {
    for (const secret of ['sk-ant-abcdefgh', 'x'.repeat(80), 'the-key\nof-the-house', '{"key": zzz-secret-zzz}']) {
      const problem = problemOf(secret);
      for (const line of secret.split('\n')) expect(describeProblem(problem)).not.toContain(line.slice(0, 10));
      expect(describeProblem(problem)).not.toContain('secret');
    }
  });

  it('answers any text with limits or a problem, never by throwing', () => {
    const text = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.json(),
      fc.dictionary(fc.string(), fc.jsonValue()).map((models) => JSON.stringify({ models })),
    );
    fc.assert(
      fc.property(text, (content) => {
        const answer = parseQuotaConfig('quotas.json', content, 0);
        if (!('limits' in answer)) expect(answer.message).not.toBe('');
      }),
      { numRuns: 300 },
    );
  });
});
