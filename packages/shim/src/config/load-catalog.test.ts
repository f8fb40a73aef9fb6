import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Catalog } from './catalog.ts';
import { describeProblem, type ConfigProblem } from './config-problem.ts';
import { parseCatalog } from './load-catalog.ts';
import { readSettings, type Environment } from './settings.ts';

const FIXTURES = new URL('../../../../fixtures/shim/config/', import.meta.url);

function parse(text: string, env: Environment = {}): Catalog | ConfigProblem {
  return parseCatalog('providers.yaml', text, readSettings({}, { HOME: '/nowhere', ...env }), 7);
}

function load(text: string, env: Environment = {}): Catalog {
  const answer = parse(text, env);
  if ('lanes' in answer) return answer;
  throw new Error(describeProblem(answer));
}

function problemOf(text: string): string {
  const answer = parse(text);
  if ('lanes' in answer) throw new Error('was accepted');
  expect(answer.remedy).not.toBe('');
  return describeProblem(answer);
}

function fixture(name: string): string {
  return readFileSync(new URL(name, FIXTURES), 'utf8');
}

describe('parseCatalog', () => {
  it('loads the example of earlier versions: every provider, every route, what is unused with its line', () => {
    const catalog = load(fixture('older-example.yaml'), { ZAI_API_KEY: 'zk', OPENAI_KEY_PROD: 'ok' });
    expect([...catalog.lanes.values()]).toMatchObject([
      { id: 'anthropic', baseUrl: 'https://api.anthropic.com', passThrough: true, credential: null, keyProblem: null },
      {
        id: 'zai',
        baseUrl: 'https://api.z.ai/api/anthropic',
        origin: 'https://api.z.ai',
        basePath: '/api/anthropic',
        headerMode: 'authorization',
        credential: 'zk',
        keyProblem: null,
      },
      { id: 'openai', headerMode: 'authorization', credential: 'ok', keyProblem: null },
      { id: 'glm', credential: null, keyProblem: 'missing_key: set OPENROUTER_API_KEY' },
      { id: 'local', passThrough: false, credential: null, keyProblem: null },
    ]);
    expect(catalog.lanes.get('glm')?.modelMap).toEqual([{ pattern: 'glm-*', model: 'z-ai/glm-4.6' }]);
    expect(catalog.routes.map(({ pattern, lane }) => `${pattern} ${lane}`)).toEqual([
      'claude-haiku-* zai',
      'glm-* glm',
      'gpt-* openai',
      'local/* local',
      '* anthropic',
    ]);
    expect(catalog.warnings.map(describeProblem)).toEqual([
      expect.stringMatching(/^providers\.yaml:18: providers\.glm\.via /),
      expect.stringMatching(/^providers\.yaml:21: providers\.glm\.models /),
      expect.stringMatching(/^providers\.yaml:25: providers\.local\.via /),
      expect.stringMatching(/^providers\.yaml:32: routes\.0\.cost_limit /),
    ]);
  });

  it('loads a file without keys, with an empty header mode and the older name of a lane', () => {
    const catalog = load(fixture('older-minimal.yaml'));
    expect([...catalog.lanes.values()]).toMatchObject([
      { id: 'anthropic', headerMode: 'x-api-key', credential: null, keyProblem: null },
      { id: 'zai', baseUrl: 'https://api.z.ai/api/anthropic', keyProblem: 'missing_key: set ZAI_API_KEY' },
    ]);
    expect(catalog.routes.at(-1)).toMatchObject({ pattern: '*', lane: 'anthropic' });
  });

  it('loads the file for trying rate limits', () => {
    const catalog = load(fixture('older-rate-limit.yaml'), { CCP_PROFILE: 'dev', ZAI_KEY_DEV: 'dev-key' });
    expect([...catalog.lanes.values()]).toMatchObject([
      { id: 'anth', baseUrl: 'http://127.0.0.1:9001', passThrough: true },
      { id: 'zai', baseUrl: 'http://127.0.0.1:9002', headerMode: 'authorization', credential: 'dev-key' },
    ]);
    expect(catalog.routes.map(({ lane }) => lane)).toEqual(['anth', 'zai']);
  });

  it.each([
    ['https://api.z.ai/api/anthropic', 'https://api.z.ai', '/api/anthropic'],
    ['https://api.z.ai/api/anthropic/', 'https://api.z.ai', '/api/anthropic'],
    ['https://api.z.ai/api/anthropic/v1', 'https://api.z.ai', '/api/anthropic'],
    ['https://api.z.ai/api/anthropic/v1/messages', 'https://api.z.ai', '/api/anthropic'],
    ['https://api.z.ai/api/anthropic/v1/messages/', 'https://api.z.ai', '/api/anthropic'],
    ['http://127.0.0.1:9001', 'http://127.0.0.1:9001', ''],
    ['http://127.0.0.1:9001/v1/messages', 'http://127.0.0.1:9001', ''],
    ['http://[::1]:9001/x', 'http://[::1]:9001', '/x'],
    ['https://host/av1', 'https://host', '/av1'],
  ])('reads the base %s', (base, origin, basePath) => {
    const lane = load(`providers: { a: { base_url: '${base}' } }`).lanes.get('a');
    expect(lane).toMatchObject({ origin, basePath, baseUrl: origin + basePath });
  });

  const keyed = (extra: string): string => `providers: { a: { base_url: 'http://h', ${extra} } }`;
  it.each([
    ['key_env: K', { K: 'k' }, 'k', null],
    ['key_env: K', {}, null, 'missing_key: set K'],
    ['key_env: K', { K: '' }, null, 'missing_key: set K'],
    ['key_env: K, fallback_env: F', { F: 'f' }, 'f', null],
    ['key_env: K, fallback_env: F', { K: 'k', F: 'f' }, 'k', null],
    ['key_env: null', {}, null, null],
    ['scoped_env: { dev: D, prod: P }', { D: 'd', P: 'p' }, 'p', null],
    ['scoped_env: { dev: D, prod: P }', { D: 'd', P: 'p', CCP_PROFILE: 'dev' }, 'd', null],
    ['scoped_env: { dev: D }, key_env: K', { D: 'd', K: 'k' }, 'k', null],
    ['scoped_env: { dev: D }, key_env: K', { D: 'd', K: 'k', CCP_PROFILE: 'dev' }, 'd', null],
    ['scoped_env: { dev: D }', { CCP_PROFILE: 'dev' }, null, 'missing_key: set D'],
    ['pass_through: true, key_env: K', {}, null, null],
    ['pass_through: true, fallback_env: F', { F: 'f' }, 'f', null],
  ])('%s with %j: key %s, problem %s', (extra, env, credential, keyProblem) => {
    expect(load(keyed(extra), env).lanes.get('a')).toMatchObject({ credential, keyProblem });
  });

  it('reads the rest of a provider', () => {
    const extra =
      'concurrency: 3, requires: zai_offload, timeouts: { connect_ms: 1, idle_ms: 2 }, price: { input_per_m: 1 }';
    expect(load(keyed(extra)).lanes.get('a')).toMatchObject({
      concurrency: 3,
      requires: 'zai_offload',
      timeouts: { connectMs: 1, idleMs: 2, headerMs: 600_000, keepAliveMs: 30_000 },
    });
  });

  it('tells no fallback list from an empty one', () => {
    const routes = load(
      `providers: { a: { base_url: 'http://h' }, anthropic: { base_url: 'http://i' } }
routes:
  - { pattern: x, provider: a }
  - { pattern: y, provider: a, fallback: [] }
  - { pattern: z, provider: a, fallback: [anth, a], when: { stream: true, subagent: false } }`,
    ).routes;
    expect(routes).toEqual([
      { pattern: 'x', lane: 'a', fallback: null, when: null },
      { pattern: 'y', lane: 'a', fallback: [], when: null },
      { pattern: 'z', lane: 'a', fallback: ['anthropic', 'a'], when: { stream: true, subagent: false } },
    ]);
  });

  it('lays feature flags over those of the environment and reports unknown ones', () => {
    const text = `providers: { a: { base_url: 'http://h' } }\nfeatures:\n  fallback: false\n  warp: true\n`;
    const catalog = load(text, { CCP_FEATURES: '-events' });
    expect(catalog.features).toMatchObject({ fallback: false, events: false, hold_first_event: true });
    expect(catalog.warnings.map(describeProblem)).toEqual([
      expect.stringMatching(/^providers\.yaml:4: features\.warp /),
    ]);
  });

  const A = `providers:\n  a:\n    base_url: http://h\n`;
  it.each([
    ['bad indentation', `providers:\n  a:\n    base_url: http://h\n   pass_through: true\n`, 4, /not valid YAML/],
    ['an open quote', `providers:\n  a:\n    base_url: "http://h`, 3, /not valid YAML/],
    ['a key twice', `providers:\n  a:\n    base_url: http://h\n    base_url: http://i\n`, 4, /not valid YAML/],
    ['an unknown alias', `providers:\n  a: *nothing\n`, 2, /not valid YAML/],
    ['an empty file', '', null, /must be object/],
    ['only a comment', '# nothing yet\n', null, /must be object/],
    ['no providers', 'routes: []\n', 1, /\/providers is required/],
    ['a provider without base_url', `providers:\n  a:\n    key_env: K\n`, 3, /\/providers\/a\/base_url is required/],
    ['another scheme', `providers:\n  a:\n    notes: x\n    base_url: ftp://h\n`, 4, /base_url/],
    ['a URL that is none', `providers:\n  a:\n    notes: x\n    base_url: 'http://h:port'\n`, 4, /base_url/],
    ['another header mode', `${A}    header_mode: cookie\n`, 4, /header_mode/],
    ['a number where a switch belongs', `${A}    pass_through: 1\n`, 4, /pass_through/],
    [
      'an unknown provider',
      `${A}routes:\n  - pattern: x\n    provider: a\n  - pattern: y\n    provider: b\n`,
      7,
      /"b".*one of: a/,
    ],
    ['an unknown fallback', `${A}routes:\n  - pattern: x\n    provider: a\n    fallback: [c]\n`, 5, /"c"/],
    ['an empty pattern', `${A}routes:\n  - pattern: ''\n    provider: a\n`, 5, /pattern/],
    [
      'an unknown condition',
      `${A}routes:\n  - pattern: x\n    provider: a\n    when: { moon: full }\n`,
      7,
      /"moon".*subagent/,
    ],
    [
      'a condition that is no switch',
      `${A}routes:\n  - pattern: x\n    provider: a\n    when:\n      stream: often\n`,
      8,
      /stream must be true or false/,
    ],
  ])('names file and line of %s', (_name, text, line, expected) => {
    const problem = problemOf(text);
    expect(problem).toMatch(expected);
    if (line !== null) expect(problem.split(':').slice(0, 2).join(':')).toBe(`providers.yaml:${line}`);
  });

  it('never shows a key', () => {
    const catalog = load(`${A}    key_env: K\n    via: x\n`, { K: 'very-secret' });
    expect(JSON.stringify(catalog.warnings)).not.toContain('very-secret');
  });

  it('answers any text with a catalogue or a problem, never by throwing', () => {
    const token = fc.constantFrom(
      'providers:',
      'routes:',
      ' a:',
      '  b',
      ' base_url: http://h',
      '\n',
      ' ',
      '- ',
      '&x',
      '*x',
      '<<: ',
      '!!tag ',
      '{',
      '}',
      '[',
      ']',
      '"',
      "'",
      '|',
      '>',
      '---',
      '...',
      '%YAML 1.1',
      '\t',
      '#',
      '? ',
      ': ',
      '2026-01-01',
      '1_000',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.array(token).map((parts) => parts.join('')),
          fc.string({ unit: 'grapheme' }),
        ),
        (text) => {
          const answer = parse(text);
          if (!('lanes' in answer)) expect(answer.message).not.toBe('');
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('does not grow beyond reason on nested aliases', () => {
    const levels = Array.from(
      { length: 12 },
      (_, at) =>
        `k${at}: &k${at} [${Array(12)
          .fill(at === 0 ? 'x' : `*k${at - 1}`)
          .join(', ')}]`,
    );
    expect(() => parse(`${levels.join('\n')}\n${A}`)).not.toThrow();
  });
});
