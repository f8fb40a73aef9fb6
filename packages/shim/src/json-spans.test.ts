import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { topLevelSpans, valueAt } from './json-spans.ts';

const WANTED = ['model', 'stream', 'max_tokens', 'metadata'];

function read(text: string): Record<string, unknown> | null {
  const bytes = Buffer.from(text);
  const spans = topLevelSpans(bytes, WANTED);
  if (spans === null) return null;
  const entries = spans.flatMap((span, index) => (span === null ? [] : [[WANTED[index], valueAt(bytes, span)]]));
  return Object.fromEntries(entries) as Record<string, unknown>;
}

function picked(parsed: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(WANTED.filter((key) => Object.hasOwn(parsed, key)).map((key) => [key, parsed[key]]));
}

describe('topLevelSpans', () => {
  it('agrees with JSON.parse on generated objects, however they are spaced', () => {
    const key = fc.oneof(fc.constantFrom(...WANTED), fc.string());
    const object = fc.dictionary(key, fc.jsonValue({ maxDepth: 4 }), { maxKeys: 8 });
    fc.assert(
      fc.property(object, fc.constantFrom(0, 1, '\t', '\r\n '), (value, space) => {
        const text = JSON.stringify(value, null, space as string);
        const seen = read(text);
        const escapedKey = Object.keys(value).some((name) => JSON.stringify(name).includes('\\'));
        if (seen === null) expect(escapedKey).toBe(true);
        else expect(seen).toEqual(picked(JSON.parse(text) as Record<string, unknown>));
      }),
      { numRuns: 3000 },
    );
  });

  it('never claims a text that JSON.parse reads differently, when bytes are changed at random', () => {
    const base =
      '{"model":"a\\"b","messages":[{"content":"x\\\\"}],"stream":true,"max_tokens":12,"metadata":{"u":"\\\\\\""}}';
    fc.assert(
      fc.property(
        fc.nat(base.length - 1),
        fc.constantFrom('"', '\\', '{', '}', ',', ':', ' ', ''),
        (at, replacement) => {
          const text = base.slice(0, at) + replacement + base.slice(at + 1);
          let parsed: Record<string, unknown>;
          try {
            parsed = JSON.parse(text) as Record<string, unknown>;
          } catch {
            return;
          }
          const seen = read(text);
          if (seen !== null) expect(seen).toEqual(picked(parsed));
        },
      ),
      { numRuns: 3000 },
    );
  });

  it('takes the last of several equal keys', () => {
    expect(read('{"model":"a","model":"b"}')).toEqual({ model: 'b' });
  });

  it.each([
    '',
    '[]',
    '"model"',
    '{"model":"a"',
    '{"model":"a",}',
    '{"model" "a"}',
    '{"model":"a"} x',
    '{"mod\\u0065l":"a"}',
    '{"a":"',
  ])('is unsure about %j', (text) => {
    expect(read(text)).toBeNull();
  });

  it('walks long strings with many escapes', () => {
    const text = JSON.stringify({ system: '\\"'.repeat(500) + '\\'.repeat(101), model: 'm', stream: false });
    expect(read(text)).toEqual({ model: 'm', stream: false });
  });
});
