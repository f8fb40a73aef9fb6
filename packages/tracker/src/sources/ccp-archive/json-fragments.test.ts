import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { fragmentsOf } from './json-fragments.ts';

const objects = fc.array(
  fc.dictionary(
    fc.oneof(fc.string({ maxLength: 8 }), fc.constantFrom('ts', 'a"b', '{', '}{', '\\', '漢字')),
    fc.jsonValue({ maxDepth: 2 }),
    { maxKeys: 5 },
  ),
  { maxLength: 6 },
);
const blanks = fc.constantFrom('', ' ', '\t', '\0', '\r');

test('objects one behind the other are all found', () => {
  fc.assert(
    fc.property(objects, blanks, (values, blank) => {
      const line = Buffer.from(values.map((value) => JSON.stringify(value)).join(blank));
      const found = fragmentsOf(line);
      expect(found.badAt).toEqual([]);
      expect(found.values).toEqual(values.map((value) => JSON.parse(JSON.stringify(value)) as unknown));
      expect(found.end).toBe(values.length === 0 ? 0 : line.length);
    }),
  );
});

test('a line cut at any byte gives what was whole before the cut, and says where it stops', () => {
  const line = Buffer.from('{}{"ts":1,"rid":"é}{"}{"ts":2,"x":{"y":[1,{}]}}');
  const ends = [2, Buffer.byteLength('{}{"ts":1,"rid":"é}{"}'), line.length];
  for (let cut = 1; cut <= line.length; cut += 1) {
    const { values, badAt } = fragmentsOf(line.subarray(0, cut));
    const whole = ends.filter((end) => end <= cut);
    const at = whole.at(-1) ?? 0;
    // What is inside of a torn object may look whole: it never has a ts.
    expect(values.slice(0, whole.length)).toEqual(
      [{}, { ts: 1, rid: 'é}{' }, { ts: 2, x: { y: [1, {}] } }].slice(0, whole.length),
    );
    expect(badAt[0]).toBe(at === cut ? undefined : at + 1);
  }
});

test.each([
  [
    'a torn object that the next writer went on behind',
    '{"ts":1,"rid":"ab{"ts":2,"rid":"x"}',
    [{ ts: 2, rid: 'x' }],
    [1],
  ],
  ['words before and behind', 'hello {"ts":1} bye', [{ ts: 1 }], [1, 16]],
  ['nothing but words', 'no JSON', [], [1]],
])('%s', (_name, line, values, badAt) => {
  expect(fragmentsOf(Buffer.from(line))).toMatchObject({ values, badAt });
});

test('a megabyte of opening brackets is given up on', () => {
  expect(fragmentsOf(Buffer.alloc(1 << 20, '{'))).toMatchObject({ values: [], badAt: [1, expect.any(Number)] });
  expect(fragmentsOf(Buffer.from('{"'.repeat(1 << 19))).values).toEqual([]);
});
