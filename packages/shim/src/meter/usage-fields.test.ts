import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isKnown, mergeUsage, noUsage, toTokens } from './usage-fields.ts';

function after(...usages: readonly unknown[]): ReturnType<typeof noUsage> {
  const soFar = noUsage();
  for (const usage of usages) mergeUsage(soFar, usage);
  return soFar;
}

describe('mergeUsage', () => {
  it('lays the end of a stream over its start', () => {
    const start = {
      input_tokens: 12,
      cache_creation_input_tokens: 30,
      cache_read_input_tokens: 4000,
      output_tokens: 1,
    };
    expect(after(start, { output_tokens: 57 })).toEqual({ input: 12, cacheWrite: 30, cacheRead: 4000, output: 57 });
    // Cumulative: the last one named wins, nothing is added up.
    expect(after(start, { output_tokens: 20 }, { output_tokens: 57, input_tokens: 13 })).toMatchObject({
      input: 13,
      output: 57,
    });
  });

  it('lets real numbers at the end replace zeros at the start', () => {
    expect(after({ input_tokens: 0, output_tokens: 0 }, { input_tokens: 210, output_tokens: 30 })).toMatchObject({
      input: 210,
      output: 30,
    });
  });

  it('keeps what is known over null, nothing and nonsense', () => {
    const known = { input_tokens: 5, output_tokens: 6 };
    for (const nonsense of [
      null,
      undefined,
      7,
      'x',
      [],
      { input_tokens: null, output_tokens: -1 },
      { input_tokens: '9' },
    ])
      expect(after(known, nonsense)).toMatchObject({ input: 5, output: 6 });
    expect(after({ output_tokens: Number.POSITIVE_INFINITY, input_tokens: NaN })).toEqual(noUsage());
  });

  it('adds cache writes that come only by lifetime', () => {
    const split = { ephemeral_5m_input_tokens: 10, ephemeral_1h_input_tokens: 7 };
    expect(after({ cache_creation: split }).cacheWrite).toBe(17);
    expect(after({ cache_creation: { ephemeral_1h_input_tokens: 7 } }).cacheWrite).toBe(7);
    expect(after({ cache_creation_input_tokens: 20, cache_creation: split }).cacheWrite).toBe(20);
    expect(after({ cache_creation_input_tokens: null, cache_creation: split }).cacheWrite).toBe(17);
    expect(after({ cache_creation: {} }).cacheWrite).toBeNull();
  });

  it('tells "nothing reported" from "zero"', () => {
    expect(isKnown(noUsage())).toBe(false);
    expect(isKnown(after({ output_tokens: 0 }))).toBe(true);
    expect(isKnown(after({ cache_read_input_tokens: 5 }))).toBe(false);
    expect(toTokens(noUsage())).toEqual({ input: 0, output: 0, cacheWrite: 0, cacheRead: 0 });
  });

  it('holds the last count of each field, whatever came in between', () => {
    const usage = fc.record(
      {
        input_tokens: fc.option(fc.nat(1e9)),
        output_tokens: fc.option(fc.nat(1e9)),
        cache_read_input_tokens: fc.option(fc.nat(1e9)),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.array(usage), (usages) => {
        const last = (field: keyof (typeof usages)[number]): number | null =>
          usages.map((one) => one[field] ?? null).findLast((count) => count !== null) ?? null;
        expect(after(...usages)).toEqual({
          input: last('input_tokens'),
          output: last('output_tokens'),
          cacheRead: last('cache_read_input_tokens'),
          cacheWrite: null,
        });
      }),
    );
  });
});
