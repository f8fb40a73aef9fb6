import fc from 'fast-check';
import { expect, it } from 'vitest';
import { canonicalJson } from './canonical-json.ts';

it('writes the two forms of earlier issuers', () => {
  const value = { sub: 'é<&>', exp: 1, device: null };
  expect(canonicalJson(value, 'ascii')).toBe('{"device":null,"exp":1,"sub":"\\u00e9<&>"}');
  expect(canonicalJson(value, 'html')).toBe('{"device":null,"exp":1,"sub":"é\\u003c\\u0026\\u003e"}');
});

it('sorts keys by code point, not by UTF-16 unit, and escapes both halves of a pair', () => {
  const value = { '\u{1F600}': 1, '\uFF01': 2, a: [true, 1.5, 'x\u2028\n'] };
  expect(canonicalJson(value, 'html')).toBe('{"a":[true,1.5,"x\\u2028\\n"],"！":2,"😀":1}');
  expect(canonicalJson(value, 'ascii')).toBe('{"a":[true,1.5,"x\\u2028\\n"],"\\uff01":2,"\\ud83d\\ude00":1}');
});

it('is the same text for the same value, whatever order and spacing it came in, and reads back as that value', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 4 }), fc.constantFrom('html', 'ascii'), (value, form) => {
      const text = canonicalJson(value, form);
      const again = JSON.parse(JSON.stringify(value, null, 3)) as unknown;
      expect(canonicalJson(again, form)).toBe(text);
      expect(canonicalJson(JSON.parse(text), form)).toBe(text);
      expect(JSON.parse(text)).toEqual(again);
    }),
  );
});

it.each([
  ['a number that is not finite', { a: 1 / 0 }],
  ['undefined', { a: undefined }],
  ['deep nesting', JSON.parse('['.repeat(70) + ']'.repeat(70)) as unknown],
])('refuses %s', (_name, value) => {
  expect(() => canonicalJson(value, 'html')).toThrow(TypeError);
});
