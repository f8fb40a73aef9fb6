import type { ProvidersConfig, QuotasConfig } from '@ccp/contracts';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { configDiff } from './config-diff.ts';
import { unifiedHunks } from './line-diff.ts';
import type { Suggestion } from './suggestion.ts';
import { yamlLines } from './yaml-lines.ts';

const QUOTAS: QuotasConfig = {
  windows: { rolling_seconds: 18_000 },
  models: { a: { provider: 'anthropic', rolling_tokens: 500 }, b: { warn_pct: 0.9 } },
};
const PROVIDERS: ProvidersConfig = {
  providers: {
    anthropic: { base_url: 'https://api.anthropic.com', pass_through: true },
    zai: { base_url: 'https://api.z.ai/api/anthropic', key_env: 'ZAI_API_KEY', notes: 'yes: keep' },
  },
  routes: [
    { pattern: 'claude-haiku*', provider: 'zai' },
    { pattern: '*', provider: 'anthropic', fallback: ['zai'] },
  ],
};

const cap: Suggestion = {
  file: 'quotas.json',
  model: 'a',
  key: 'rolling_tokens',
  value: 900,
  evidence: '24 pairs',
  confidence: 'estimate',
};
const route: Suggestion = {
  file: 'providers.yaml',
  route: 1,
  provider: 'zai',
  fallback: ['anthropic'],
  evidence: 'anthropic rests',
  confidence: 'official',
};

test('quotas.json: the reason, then a unified diff', () => {
  const before = structuredClone(QUOTAS);
  const { text, applied } = configDiff(QUOTAS, [cap, route]);
  expect(text).toBe(`# rolling_tokens of a: 24 pairs [estimate]
--- quotas.json
+++ quotas.json (suggested)
@@ -5,7 +5,7 @@
   "models": {
     "a": {
       "provider": "anthropic",
-      "rolling_tokens": 500
+      "rolling_tokens": 900
     },
     "b": {
       "warn_pct": 0.9
`);
  expect(applied).toEqual([cap]);
  expect(QUOTAS).toEqual(before);
});

test('providers.yaml: the order of lanes', () => {
  expect(configDiff(PROVIDERS, [cap, route]).text).toBe(`# route *: anthropic rests [official]
--- providers.yaml
+++ providers.yaml (suggested)
@@ -10,5 +10,5 @@
   - pattern: "claude-haiku*"
     provider: zai
   - pattern: "*"
-    provider: anthropic
-    fallback: [zai]
+    provider: zai
+    fallback: [anthropic]
`);
});

test('nothing to change is no text', () => {
  const same = { ...cap, value: 500 };
  const gone = { ...cap, model: 'c' };
  for (const suggestions of [[], [same], [gone], [route]]) {
    expect(configDiff(QUOTAS, suggestions)).toEqual({ file: 'quotas.json', text: '', applied: [] });
  }
  expect(configDiff(PROVIDERS, [{ ...route, route: 7 }]).text).toBe('');
});

test('a weekly cap names its unit', () => {
  expect(configDiff(QUOTAS, [{ ...cap, key: 'weekly_limit_value' }]).text).toContain(
    '+      "weekly_limit_type": "tokens"',
  );
});

test('a name with a line break begins no line', () => {
  const model = 'a\n+evil';
  const { text } = configDiff({ models: { [model]: {} } }, [{ ...cap, model }]);
  expect(text.split('\n').filter((line) => line.startsWith('+evil'))).toEqual([]);
});

test('YAML: what could be read as something else is quoted', () => {
  const config = { a: 'no', b: '5h', 'c:d': ['x y', true, 3], e: {}, f: [{ g: null, h: [] }, 'i'], j: undefined };
  expect(yamlLines(config)).toEqual([
    'a: "no"',
    'b: "5h"',
    '"c:d": ["x y", true, 3]',
    'e: {}',
    'f:',
    '  - g: null',
    '    h: []',
    '  - i',
  ]);
});

/** Applies hunks by their own line numbers, strictly: every line they keep or remove must be where they say. */
function patched(before: readonly string[], hunks: readonly string[]): string[] {
  const after: string[] = [];
  let read = 0;
  let [left, right] = [0, 0];
  for (const line of hunks) {
    const head = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@$/.exec(line);
    if (head !== null) {
      expect([left, right]).toEqual([0, 0]);
      [left, right] = [Number(head[2] ?? 1), Number(head[4] ?? 1)];
      const start = Number(head[1]) - (left === 0 ? 0 : 1);
      after.push(...before.slice(read, start));
      read = start;
      expect(after).toHaveLength(Number(head[3]) - (right === 0 ? 0 : 1));
      continue;
    }
    if (!line.startsWith('+')) {
      expect(before[read]).toBe(line.slice(1));
      read += 1;
      left -= 1;
    }
    if (!line.startsWith('-')) {
      after.push(line.slice(1));
      right -= 1;
    }
  }
  expect([left, right]).toEqual([0, 0]);
  return [...after, ...before.slice(read)];
}

test('property: the hunks turn the one into the other', () => {
  const lines = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 24 });
  fc.assert(
    fc.property(lines, lines, (before, after) => {
      expect(patched(before, unifiedHunks(before, after))).toEqual(after);
      expect(unifiedHunks(before, before)).toEqual([]);
    }),
    { numRuns: 200 },
  );
});
