import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EventRing, type StoredEvent } from './event-ring.ts';
import type { LineBlock } from './line-block.ts';

function block(from: number, to: number): LineBlock {
  const lines = Array.from({ length: to - from + 1 }, (_, index) => `${from + index}\n`);
  return { firstSeq: from, count: lines.length, bytes: Buffer.from(lines.join('')) };
}

const numbers = (from: number, to: number): number[] =>
  Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index);
const seqs = (found: { readonly events: readonly StoredEvent[] }): number[] => found.events.map(({ seq }) => seq);

describe('EventRing', () => {
  it('answers what came after a number, and whether that is all of it', () => {
    const ring = new EventRing(10);
    expect(ring.after(0)).toEqual({ events: [], complete: true });
    ring.push(block(1, 5));
    expect(seqs(ring.after(0))).toEqual([1, 2, 3, 4, 5]);
    expect(seqs(ring.after(3))).toEqual([4, 5]);
    expect(ring.after(5)).toEqual({ events: [], complete: true });
    expect(ring.after(0).complete).toBe(true);
  });

  it('says when events were already forgotten', () => {
    const ring = new EventRing(10);
    for (let from = 1; from < 30; from += 3) ring.push(block(from, from + 2));
    const first = seqs(ring.after(0))[0] ?? 0;
    expect(ring.after(0).complete).toBe(false);
    expect(ring.after(first - 2).complete).toBe(false);
    expect(ring.after(first - 1).complete).toBe(true);
    expect(ring.after(30)).toEqual({ events: [], complete: true });
  });

  it('holds at least its size of the newest, bounded, without a hole', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 40 }), fc.nat(400), (batches, asked) => {
        const ring = new EventRing(20);
        let last = 0;
        for (const batch of batches) ring.push(block(last + 1, (last += batch)));
        const held = seqs(ring.after(0));
        expect(held.length).toBeGreaterThanOrEqual(Math.min(last, 20));
        // Blocks are kept whole: one more than the size needs at the most.
        expect(held.length).toBeLessThanOrEqual(20 + 30);
        expect(held).toEqual(numbers(last - held.length + 1, last));
        const after = ring.after(asked);
        if (after.complete) expect(seqs(after)).toEqual(numbers(asked + 1, last));
        else expect(seqs(after)).toEqual(held);
      }),
    );
  });

  it('takes a batch of any size, such as after a disk has recovered', () => {
    const ring = new EventRing(10);
    ring.push(block(1, 300_000));
    expect(seqs(ring.after(299_998))).toEqual([299_999, 300_000]);
  });

  it('tells readers of new events until they leave', () => {
    const ring = new EventRing(10);
    const one: number[] = [];
    const two: number[] = [];
    const leave = ring.follow((news) => one.push(...news.map(({ seq }) => seq)));
    ring.follow((news) => two.push(...news.map(({ seq }) => seq)));
    ring.push(block(1, 2));
    leave();
    ring.push(block(3, 3));
    expect([one, two]).toEqual([
      [1, 2],
      [1, 2, 3],
    ]);
  });
});
