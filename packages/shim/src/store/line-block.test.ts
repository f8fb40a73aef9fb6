import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LineGatherer, linesOf } from './line-block.ts';

function add(gatherer: LineGatherer, text: string): void {
  gatherer.begin().text(text);
  gatherer.end();
}

describe('LineGatherer', () => {
  it('gathers lines in order, through any number of blocks', () => {
    const step = fc.oneof(
      fc.constant(null),
      fc.string({ unit: 'grapheme' }).map((text) => text.replaceAll('\n', ' ')),
    );
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const gatherer = new LineGatherer();
        const found: string[] = [];
        const take = (): void => {
          const block = gatherer.take();
          if (block === null) return;
          expect(block.firstSeq).toBe(found.length + 1);
          found.push(...linesOf(block));
          gatherer.giveBack(block);
        };
        for (const text of steps) {
          if (text === null) take();
          else add(gatherer, text);
        }
        take();
        expect(found).toEqual(steps.filter((text) => text !== null));
      }),
      { numRuns: 500 },
    );
  });

  it('has nothing of a line that never came to its end', () => {
    const gatherer = new LineGatherer();
    add(gatherer, 'one');
    gatherer.begin().text('half of tw');
    expect(gatherer.nextSeq).toBe(2);
    add(gatherer, 'two');
    gatherer.begin().text('half of three');
    const block = gatherer.take();
    expect(block === null ? [] : linesOf(block)).toEqual(['one', 'two']);
    add(gatherer, 'three');
    const next = gatherer.take();
    expect(next === null ? [] : linesOf(next)).toEqual(['three']);
  });

  it('uses the memory of a block again only after it was given back', () => {
    const gatherer = new LineGatherer();
    const take = (text: string): NonNullable<ReturnType<LineGatherer['take']>> => {
      add(gatherer, text);
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
