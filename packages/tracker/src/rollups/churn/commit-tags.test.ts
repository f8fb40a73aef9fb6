import { expect, test } from 'vitest';
import { commitTags } from './commit-tags.ts';

test.each([
  ['xfeat::router::W0-01::BUILD lanes', [['router', 'W0-01', 'BUILD']]],
  ['feat: lanes\n\nxfeat::router::W0-01::BUILD\n', [['router', 'W0-01', 'BUILD']]],
  ['xfeat::a/b.c::W0-21C::REVIEW', [['a/b.c', 'W0-21C', 'REVIEW']]],
  // What git merge --squash and a web page write.
  [
    'Squashed commit\n\n    xfeat::a::W1::BUILD one\n\n    xfeat::a::W1::REVIEW two',
    [
      ['a', 'W1', 'BUILD'],
      ['a', 'W1', 'REVIEW'],
    ],
  ],
  [
    'Merge (#4)\n\n* xfeat::a::W1::BUILD\n- xfeat::b::W2::SPEC',
    [
      ['a', 'W1', 'BUILD'],
      ['b', 'W2', 'SPEC'],
    ],
  ],
  ['two times\n\nxfeat::a::W1::BUILD\nxfeat::a::W1::BUILD', [['a', 'W1', 'BUILD']]],
  ['fix [window:W0-07] [method:tdd] [feature:login]', [['login', 'W0-07', null]]],
  // Talk about a tag is none.
  ['Revert "xfeat::a::W1::BUILD"', []],
  ['docs: commits carry xfeat::a::W1::BUILD', []],
  ['fix [window:W0-07]', []],
  ['', []],
])('%j', (message, found) => {
  const { features, isPrototype, malformed } = commitTags(message);
  expect(features.map(({ feature, window, stage }) => [feature, window, stage])).toEqual(found);
  expect({ isPrototype, malformed }).toEqual({ isPrototype: false, malformed: [] });
});

test('a prototype is in no sum, whatever its body names; a body that names both is a feature', () => {
  expect(commitTags('xproto::x::W1::MOCK\n\nxfeat::a::W1::BUILD')).toMatchObject({
    features: [],
    isPrototype: true,
    prototypeWindows: ['W1'],
  });
  expect(commitTags('try\n\nxproto::x')).toMatchObject({ features: [], isPrototype: true, prototypeWindows: [] });
  expect(commitTags('all\n\n* xproto::x::W1::MOCK\n* xfeat::a::W1::BUILD')).toMatchObject({
    features: [{ feature: 'a' }],
    isPrototype: false,
  });
});

test.each([
  'xfeat::a::W1',
  'xfeat::<Feature>::<Window>::<Stage>',
  'xfeat::',
  'xfeat::a::W 1::BUILD',
  'xfeat::a::b::c::d',
])('%s looks like a tag and is none', (line) =>
  expect(commitTags(`subject\n\n${line}`)).toMatchObject({ features: [], malformed: [line] }),
);
