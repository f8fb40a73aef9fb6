import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LinePiece } from '../exchange.ts';
import { LineGatherer, linesOf } from './line-block.ts';

const piece: fc.Arbitrary<LinePiece> = fc.oneof(
  fc.string({ unit: 'grapheme' }).map((text) => text.replaceAll('\n', ' ')),
  fc.string({ minLength: 40, maxLength: 80 }).map((text) => Buffer.from(text.replaceAll('\n', ' '))),
  fc.string({ maxLength: 10 }).map((text) => Buffer.from(text.replaceAll('\n', ' '))),
  fc.nat(),
  fc.maxSafeInteger(),
  fc.double(),
  fc.constantFrom(0, 9, 10, 99, 100, 2 ** 31 - 1, 2 ** 31, -1, -0, 1e15, 1e21, 0.1, NaN, Infinity),
);

const NO_STANDING = { config: '', line: new Uint8Array(), form: null };

describe('LineGatherer', () => {
  it('writes texts, bytes, and numbers as JSON has them', () => {
    fc.assert(
      fc.property(fc.array(fc.array(piece, { maxLength: 30 }), { minLength: 1, maxLength: 10 }), (lines) => {
        const gatherer = new LineGatherer();
        for (const line of lines) gatherer.add(line);
        const block = gatherer.take();
        const text = (one: LinePiece): string =>
          typeof one === 'number' ? JSON.stringify(one) : typeof one === 'string' ? one : Buffer.from(one).toString();
        expect(block === null ? [] : linesOf(block)).toEqual(lines.map((line) => line.map(text).join('')));
      }),
      { numRuns: 500 },
    );
  });

  it('repeats what lines share, within a block and beyond', () => {
    const step = fc.record({ isTaken: fc.boolean(), which: fc.nat(2), tail: fc.nat() });
    fc.assert(
      fc.property(
        fc.array(fc.array(piece, { maxLength: 30 }), { minLength: 3, maxLength: 3 }),
        fc.array(step),
        (parts, steps) => {
          const gatherer = new LineGatherer();
          const all = parts.map((pieces) => ({ standing: NO_STANDING, pieces, written: null }));
          const text = (one: LinePiece): string =>
            typeof one === 'number' ? JSON.stringify(one) : typeof one === 'string' ? one : Buffer.from(one).toString();
          const found: string[] = [];
          const take = (): void => {
            const block = gatherer.take();
            if (block === null) return;
            found.push(...linesOf(block));
            gatherer.giveBack(block);
          };
          for (const { isTaken, which, tail } of steps) {
            if (isTaken) take();
            gatherer.add(['<'], all[which], [tail]);
          }
          take();
          expect(found).toEqual(steps.map(({ which, tail }) => `<${parts[which]!.map(text).join('')}${tail}`));
        },
      ),
      { numRuns: 300 },
    );
  });

  it('uses the memory of a block again only after it was given back', () => {
    const gatherer = new LineGatherer();
    const take = (text: string): NonNullable<ReturnType<LineGatherer['take']>> => {
      gatherer.add([text]);
      const block = gatherer.take();
      if (block === null) throw new Error('nothing was gathered');
      return block;
    };
    const [first, second] = [take('one'), take('two')];
    expect([linesOf(first), linesOf(second)]).toEqual([['one'], ['two']]);
    gatherer.giveBack(first);
    const third = take('three');
    const fourth = take('four');
    expect([linesOf(second), linesOf(third), linesOf(fourth)]).toEqual([['two'], ['three'], ['four']]);
    expect([third, fourth].some(({ memory }) => memory === first.memory)).toBe(true);
    expect([first, second, third, fourth].map(({ firstSeq }) => firstSeq)).toEqual([1, 2, 3, 4]);
  });
});
