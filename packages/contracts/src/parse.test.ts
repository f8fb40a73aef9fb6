import fc from 'fast-check';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { parse, parseProvidersConfig, parseUsage, parseUsageEvent, schemaNames, schemas } from './index.ts';
import type { Parsed, Usage, UsageEvent } from './index.ts';

describe('parse', () => {
  it.each(schemaNames)('of %s answers a value or problems for any JSON, and never throws', (name) => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const result = parse(name, value);
        expect(result.ok ? Object.is(result.value, value) : result.problems.length > 0).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  it('points to a missing field where it belongs, with the pointer escaped', () => {
    expect(parseUsage({ ts: 1, models: { 'a/b~c': 7 } })).toEqual({
      ok: false,
      problems: [{ path: '/models/a~1b~0c', reason: 'must be object' }],
    });
    expect(parseUsage({ ts: 1 })).toEqual({ ok: false, problems: [{ path: '/models', reason: 'is required' }] });
  });

  it('reports every problem of a document, not the first alone', () => {
    const result = parseProvidersConfig({ providers: { a: {}, b: { base_url: 'x', header_mode: 'y' } } });
    expect(result.ok ? [] : result.problems.map(({ path }) => path)).toEqual([
      '/providers/a/base_url',
      '/providers/b/base_url',
      '/providers/b/header_mode',
    ]);
  });

  it('never quotes a value: it may be a credential', () => {
    const secret = 'sk-ant-not-a-real-key';
    for (const name of schemaNames) {
      const fields = Object.keys(schemas[name]['properties'] as object).map((key) => [key, secret]);
      expect(JSON.stringify(parse(name, { ...Object.fromEntries(fields), [secret]: secret }))).not.toMatch(
        /"(reason|path)":"[^"]*sk-ant/,
      );
    }
    const config = { providers: { a: { base_url: secret, header_mode: secret, concurrency: secret } } };
    expect(JSON.stringify(parseProvidersConfig(config))).not.toContain(secret);
  });

  it('refuses numbers JSON cannot carry', () => {
    const line = { rid: 'x', lane: 'a', model: 'm', status: 200 };
    for (const ts of [Number.NaN, Number.POSITIVE_INFINITY]) expect(parseUsageEvent({ ...line, ts }).ok).toBe(false);
    expect(parseUsageEvent({ ...line, ts: 0 }).ok).toBe(true);
  });

  it('names the type of what it parsed', () => {
    expectTypeOf(parseUsage).returns.toEqualTypeOf<Parsed<Usage>>();
    expectTypeOf<UsageEvent['stream_ms']>().toEqualTypeOf<number | null | undefined>();
    // @ts-expect-error a misspelt field is an error for a writer, though validation would let it pass
    const line: UsageEvent = { ts: 1, rid: 'x', lane: 'a', model: 'm', status: 200, output_token: 1 };
    expect(parseUsageEvent(line).ok).toBe(true);
  });
});
