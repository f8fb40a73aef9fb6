import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { foldModel, globMatcher, modelMatcher } from './glob.ts';

describe('globMatcher', () => {
  it.each([
    ['claude-haiku-*', 'claude-haiku-4.5', true],
    ['claude-haiku-4*', 'claude-haiku-4.5', true],
    ['claude-haiku-4*', 'claude-haiku-3.5', false],
    ['*', 'claude-sonnet-4.5', true],
    ['*', '', true],
    ['CLAUDE-haiku-*', 'Claude-Haiku-4.5', true],
    [' claude-haiku* ', 'claude-haiku-4.5', true],
    // The whole name, not a part of it.
    ['haiku', 'claude-haiku-4.5', false],
    ['claude-haiku', 'claude-haiku-4.5', false],
    ['*haiku*', 'claude-haiku-4.5', true],
    // A star crosses path separators and line ends.
    ['openrouter/*', 'openrouter/z-ai/glm-4.6', true],
    ['*glm*', 'openrouter/z-ai/glm-4.6', true],
    ['z-ai/glm-4.6', 'z-ai/glm-4.6', true],
    ['a*b', 'a\nb', true],
    ['glm-4.?', 'glm-4.6', true],
    ['glm-4.?', 'glm-4.', false],
    ['glm-4.?', 'glm-4.65', false],
    ['glm-4.[56]', 'glm-4.6', true],
    ['glm-4.[5-7]', 'glm-4.6', true],
    ['glm-4.[!56]', 'glm-4.6', false],
    ['glm-4.[^56]', 'glm-4.7', true],
    ['a[]]b', 'a]b', true],
    // Nothing else means anything.
    ['glm.4', 'glmx4', false],
    ['gpt(5)+', 'gpt(5)+', true],
    ['gpt(5)+', 'gpt55', false],
    ['a|b', 'a', false],
    ['a\\b', 'a\\b', true],
    ['', '', false],
    ['', 'claude', false],
    ['   ', 'claude', false],
  ])('%j on %j: %s', (pattern, name, expected) => {
    expect(globMatcher(pattern)(name)).toBe(expected);
  });

  it.each([
    ['model[1m', 'model[1m', true],
    ['model[1m', 'model1', false],
    ['model[*', 'model[anything', true],
    ['model[', 'model[', true],
    ['model[]', 'model[]', true],
    ['model[!]', 'model[!]', true],
    ['model[!]', 'modelx', false],
    ['model[^]', 'modelx', false],
    ['model[z-a]', 'model[z-a]', true],
    ['model[z-a]', 'modelm', false],
    ['model[z-a]*', 'model[z-a]-latest', true],
  ])('a malformed class is taken literally: %j on %j: %s', (pattern, name, expected) => {
    expect(globMatcher(pattern)(name)).toBe(expected);
  });

  it('matches itself, in any case, when it has no metacharacter', () => {
    const plain = fc.string({ unit: 'binary-ascii', minLength: 1 }).filter((text) => !/[*?[\]]/.test(text));
    fc.assert(
      fc.property(plain, (text) => {
        const name = text.trim();
        expect(globMatcher(text)(name)).toBe(name !== '');
        expect(globMatcher(text)(name.toUpperCase())).toBe(name !== '');
        expect(globMatcher(text)(`${name}x`)).toBe(false);
      }),
    );
  });

  it('agrees with a matcher written the slow way', () => {
    const pattern = fc.array(fc.constantFrom('*', '?', 'a', 'b', '.', '/', '-', '4'), { maxLength: 8 });
    const name = fc.array(fc.constantFrom('a', 'b', 'A', '.', '/', '-', '4'), { maxLength: 8 });
    fc.assert(
      fc.property(pattern, name, (glob, text) => {
        expect(globMatcher(glob.join(''))(text.join(''))).toBe(glob.length > 0 && slowly(glob, text));
      }),
      { numRuns: 2000 },
    );
  });

  it('never throws, whatever the pattern', () => {
    const nasty = fc.array(
      fc.constantFrom('[', ']', '!', '^', '-', '\\', '*', '?', '(', '{', '$', 'a', 'z', '\u{1F600}'),
    );
    fc.assert(
      fc.property(nasty, fc.string({ unit: 'grapheme' }), (pattern, name) => {
        expect(typeof globMatcher(pattern.join(''))(name)).toBe('boolean');
        expect(typeof modelMatcher(pattern.join(''))(name)).toBe('boolean');
      }),
    );
  });
});

function slowly(glob: readonly string[], text: readonly string[]): boolean {
  const [head, ...rest] = glob;
  if (head === undefined) return text.length === 0;
  if (head === '*') return slowly(rest, text) || (text.length > 0 && slowly(glob, text.slice(1)));
  if (text.length === 0) return false;
  return (head === '?' || head === text[0]?.toLowerCase()) && slowly(rest, text.slice(1));
}

describe('modelMatcher', () => {
  it.each([
    ['claude-haiku-4.5', 'claude-haiku-4-5-20251001', true],
    ['claude-haiku-4-5', 'claude-haiku-4.5', true],
    ['claude-haiku-4.5', 'claude-haiku-4-5-latest', true],
    ['claude-haiku-4.5', 'claude-haiku-4-5@20251001', true],
    ['claude-haiku-4-5-20251001', 'claude-haiku-4.5', true],
    ['claude-haiku-4.5*', 'claude-haiku-4-5-20251001', true],
    ['claude-sonnet-4-5', 'claude-sonnet-4-5[1m]', true],
    ['claude-sonnet-4-5[1m]', 'claude-sonnet-4-5[1m]', true],
    ['claude-sonnet-4-5', 'claude-sonnet-4-5-20250929[1m]', true],
    ['claude-sonnet-4-5', ' Claude-Sonnet-4-5 ', true],
    ['claude-sonnet-4', 'claude-sonnet-4-5', false],
    ['claude-sonnet-4', 'claude-sonnet-4-5-20250929', false],
    ['claude-haiku-4*', 'claude-haiku-3-5-20241022', false],
    ['glm-4.6', 'glm-4.5', false],
    ['glm-4.6', 'glm-46', false],
    ['', 'claude-haiku-4.5', false],
  ])('%j means %j: %s', (pattern, model, expected) => {
    expect(modelMatcher(pattern)(model)).toBe(expected);
  });

  it('says yes wherever the plain glob does', () => {
    const pattern = fc.array(fc.constantFrom('*', '?', 'claude', '-', '4', '.', '5', '-20251001', '[1m]', 'latest'));
    fc.assert(
      fc.property(pattern, pattern, (glob, name) => {
        if (globMatcher(glob.join(''))(name.join(''))) expect(modelMatcher(glob.join(''))(name.join(''))).toBe(true);
      }),
    );
  });

  it('folds every spelling of a model to one, once', () => {
    const stem = fc.constantFrom('claude-haiku-4.5', 'claude-haiku-4-5', 'Claude-Haiku-4.5');
    const dated = fc.constantFrom('', '-20251001', '-latest', '@20251001');
    const size = fc.constantFrom('', '[1m]', '[200k]');
    fc.assert(
      fc.property(stem, dated, size, (name, date, context) => {
        expect(foldModel(name + date + context)).toBe('claude-haiku-4-5');
      }),
    );
  });
});
