import { describe, expect, it } from 'vitest';
import { DEFAULT_FEATURES, FEATURE_FLAGS, mergeFeatureFlags, parseFeatureFlags } from './feature-flags.ts';

describe('feature flags', () => {
  it('have a default and say what they are for', () => {
    for (const [name, flag] of Object.entries(FEATURE_FLAGS)) {
      expect(flag.what).not.toBe('');
      expect(DEFAULT_FEATURES).toHaveProperty(name, flag.default);
    }
  });

  it.each([
    ['', DEFAULT_FEATURES],
    [' , ', DEFAULT_FEATURES],
    ['-fallback', { ...DEFAULT_FEATURES, fallback: false }],
    ['-fallback, -events', { ...DEFAULT_FEATURES, fallback: false, events: false }],
    ['-fallback,fallback', DEFAULT_FEATURES],
    ['+events', DEFAULT_FEATURES],
  ])('%j', (text, flags) => {
    expect(parseFeatureFlags(text)).toEqual({ flags });
  });

  it.each(['fallbacks', '-warp', 'fallback,toString', '__proto__', '--fallback', 'FALLBACK'])(
    'refuses the unknown name in %j and lists the known ones',
    (text) => {
      expect(parseFeatureFlags(text)).toMatchObject({
        unknown: expect.any(String) as string,
        known: Object.keys(FEATURE_FLAGS),
      });
    },
  );

  it('lays a block of the file over those of the environment, and reports what it does not know', () => {
    const base = { ...DEFAULT_FEATURES, events: false };
    expect(mergeFeatureFlags(base, { fallback: false, warp: true, events: 'yes' })).toEqual({
      flags: { ...base, fallback: false },
      unknown: ['warp', 'events'],
    });
  });
});
