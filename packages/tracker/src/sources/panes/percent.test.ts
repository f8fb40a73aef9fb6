import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { amountOf, writesDecimalComma } from './amount.ts';
import { shareAt } from './percent.ts';

const read = (text: string): number | string => {
  const share = shareAt(text, 0);
  return share.kind === 'read' ? share.usedPp : share.kind;
};

test.each([
  ['82% used', 82],
  ['0% used', 0],
  ['105% used', 105],
  [' 18 % left', 82],
  ['100% left', 0],
  ['44.6% remaining', 55.4],
  ['1,5% used', 1.5],
  // Cut by a frame.
  ['1% us', 1],
  ['82% u', 82],
  ['82% u\n(resets 13:01)', 82],
  ['82% l', 18],
  ['82% le\nWeekly limit: [', 18],
  // Broken by a terminal.
  ['8\n2% used', 82],
  ['10\n0% used', 100],
  ['82\n% used', 82],
  ['82%\nused', 82],
  ['82% us\ned (resets', 82],
  ['82% l\neft', 18],
  ['1\n.5% used', 1.5],
  ['12.\n5% used', 12.5],
])('%j', (text, expected) => {
  expect(read(text)).toBe(expected);
});

test.each([
  ['no percent sign', '82'],
  ['no word', '82%'],
  ['another word', '82% up'],
  ['a word that only starts alike', '82% unused'],
  ['a longer word', '82% usedd'],
  ['a cut word that goes on as another', '82% l\nimit'],
  ['a cut word in the middle of a line', '82% us (resets 13:01)'],
  ['thousands or three decimals', '1,500% used'],
  ['four digits', '2090% used'],
  ['a leading zero, half of a number', '08% used'],
  ['more than all left', '105% left'],
  ['something unreadable before the digit', '\uFFFD2% used'],
  ['a negative share', '-5% used'],
  ['a sign before its number', '%82 used'],
])('%s is not read', (_what, text) => {
  expect(read(text)).toBe('unclear');
});

test.each(['', 'Resets 9pm', '\n\n82% used'])('%j shows no share there', (text) => {
  expect(read(text)).toBe('none');
});

test('a share is read as it was printed, wherever it is broken once', () => {
  const share = fc.record({
    percent: fc.integer({ min: 0, max: 100 }),
    word: fc.constantFrom('used', 'left'),
    at: fc.nat(10),
  });
  fc.assert(
    fc.property(share, ({ percent, word, at }) => {
      const text = `${percent}% ${word}`;
      const broken = `${text.slice(0, at)}\n${text.slice(at)}`;
      const truth = word === 'used' ? percent : 100 - percent;
      // Broken before it begins, or not at all.
      expect(read(broken)).toBe(truth);
    }),
  );
});

test.each([
  ['0', 0],
  ['7,761', 7761],
  ['1,234,567', 1_234_567],
  ['1,234.5', 1234.5],
  ['1.234.567', 1_234_567],
  ['1.234,5', 1234.5],
  ['38.5', 38.5],
  ['38,5', 38.5],
  ['7,7\n61', 7761],
  ['7.761', null],
  ['12,34,567', null],
  ['1,234.567,8', null],
  ['', null],
  ['.', null],
])('the amount %j', (text, expected) => {
  expect(amountOf(text)).toBe(expected);
});

test('where decimals have a comma, one group of three may be decimals too', () => {
  expect(writesDecimalComma('Context window: 2,65K used')).toBe(true);
  expect(writesDecimalComma('7,761 of 100,000, Jan 2, 2031')).toBe(false);
  expect(amountOf('7,761', true)).toBeNull();
  expect(amountOf('1,007,761', true)).toBe(1_007_761);
});
