import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { cellsOf, clipEnd, clipMiddle } from './cells.ts';

test.each([
  ['abc', 3],
  ['漢字', 4],
  ['ｆｕｌｌ', 8],
  ['한국', 4],
  ['🚀', 2],
  ['–█·░', 4],
  ['', 0],
])('%s takes %d cells', (text, cells) => {
  expect(cellsOf(text)).toBe(cells);
});

test('a clipped text fits, and one that fits is not clipped', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.nat(30), (text, cells) => {
      for (const clip of [clipEnd, clipMiddle]) {
        expect(cellsOf(clip(text, cells))).toBeLessThanOrEqual(cells);
        if (cellsOf(text) <= cells) expect(clip(text, cells)).toBe(text);
      }
    }),
  );
});

test('a name keeps both ends', () => {
  expect(clipMiddle('claude-sonnet-4-5-20250929', 13)).toBe('claude…250929');
});
