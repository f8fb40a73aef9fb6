import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BatchItem } from './batch-writer.ts';
import { ItemRows } from './item-rows.ts';
import { PackedItems } from './packed-items.ts';
import type { Sample } from './sample.ts';

function formOf(id: string): { id: string; json: string } {
  return { id, json: `{"${id}":1}` };
}

const text = fc.oneof(fc.constantFrom('', 'a', 'claude-x', 'é😀', 'x'.repeat(300)), fc.string({ unit: 'grapheme' }));
const number = fc.oneof(fc.nat(), fc.double({ noNaN: true }), fc.constantFrom(0, Infinity, 1e300));
const textOrNull = fc.option(text);
const numberOrNull = fc.option(number);

const sample: fc.Arbitrary<Sample> = fc.record({
  ts: number,
  rid: text,
  epoch: fc.constantFrom('', 'e1'),
  model: fc.constantFrom('m', 'n', 'é'),
  lane: fc.constantFrom('a', 'b'),
  op: fc.constantFrom('stream', 'nonstream'),
  inputTokens: number,
  outputTokens: number,
  cacheWriteTokens: number,
  cacheReadTokens: number,
  usageKnown: fc.boolean(),
  dirtyS: number,
  streamS: number,
  ttftMs: numberOrNull,
  status: fc.constantFrom(200, 429),
  ended: fc.constantFrom('complete', 'cancelled'),
  errType: fc.constantFrom('', '429'),
  decision: fc.constantFrom('catalog', 'fallback'),
  rerouteMode: fc.constant('hybrid'),
  warnPctAuto: fc.constantFrom(null, 0.8),
  gapSecondsP50: fc.constantFrom(null, 3),
  gapSecondsP95: fc.constant(null),
  gapSamples: fc.constantFrom(0, 4),
  upstream: fc.constant('http://127.0.0.1:9'),
  h2: fc.boolean(),
  headerMode: fc.constant('x-api-key'),
  requestId: textOrNull,
  sessionId: fc.constantFrom(null, 's1', 's2'),
  agentId: fc.constantFrom(null, 'g'),
});
const minute = fc.record({
  lane: fc.constantFrom('a', 'b'),
  model: fc.constantFrom('m', '(other)'),
  minute: fc.nat(),
  firstTs: number,
  input: number,
  output: number,
  cacheWrite: number,
  cacheRead: number,
  dirtyS: number,
  count: fc.nat(),
});
const whole = fc.record({ form: fc.constant(null), json: text });
const formed = fc.record({
  form: fc.constantFrom(formOf('form-1'), formOf('form-2')),
  rollingUsed: number,
  weeklyUsed: number,
  pending: number,
  need: number,
});
const decision: fc.Arbitrary<BatchItem['decision']> = fc.oneof(fc.constant(null), whole, formed);
const item: fc.Arbitrary<BatchItem> = fc.record({ sample, minute: fc.option(minute), decision });

function copies(packed: PackedItems, from: number, to: number): BatchItem[] {
  const rows = packed.rows(from, to);
  return Array.from({ length: rows.length }, (_, nth) => rows.copy(nth));
}

/** The same in one object, kind by kind, as they are written. */
function looks(packed: PackedItems, from: number, to: number): BatchItem[] {
  const rows = packed.rows(from, to);
  const seen: BatchItem[] = [];
  for (const places of rows.byKind().values()) for (const nth of places) seen[nth] = structuredClone(rows.look(nth));
  return seen;
}

type Step =
  | { readonly kind: 'push'; readonly items: readonly BatchItem[] }
  | { readonly kind: 'remove'; readonly from: number; readonly count: number };
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('push' as const), items: fc.array(item, { maxLength: 8 }) }),
  fc.record({ kind: fc.constant('remove' as const), from: fc.nat(4), count: fc.nat(10) }),
);

describe('PackedItems', () => {
  it('gives back what was put in, in its order, as a list of objects does', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), fc.nat(5), fc.nat(30), (steps, from, to) => {
        const packed = new PackedItems();
        const list: BatchItem[] = [];
        for (const one of steps) {
          if (one.kind === 'push') {
            for (const each of one.items) packed.push(each);
            list.push(...one.items);
          } else {
            packed.remove(one.from, one.count);
            list.splice(one.from, one.count);
          }
          expect(packed.length).toBe(list.length);
        }
        expect(copies(packed, 0, packed.length)).toEqual(list);
        expect(copies(packed, from, to)).toEqual(list.slice(from, to));
        expect(looks(packed, from, to)).toEqual(list.slice(from, to));
      }),
      { numRuns: 500 },
    );
  });

  it('gives copies that stay as they are, whatever is looked at later', () => {
    fc.assert(
      fc.property(fc.array(item, { minLength: 2, maxLength: 6 }), (items) => {
        const rows = ItemRows.of(items);
        const copied = items.map((_, nth) => {
          rows.look((nth + 1) % items.length);
          return rows.copy(nth);
        });
        for (let nth = 0; nth < items.length; nth += 1) rows.look(nth);
        expect(copied).toEqual(items);
      }),
    );
  });

  it('does not show other items where some have moved', () => {
    const packed = new PackedItems();
    for (const one of fc.sample(item, { numRuns: 3, seed: 7 })) packed.push(one);
    const rows = packed.rows(0, 3);
    packed.remove(1, 1);
    expect(() => rows.look(1)).toThrow('items have moved');
    expect(() => rows.byKind()).toThrow('items have moved');
  });

  it('keeps a long wait, and gives its memory back', () => {
    const packed = new PackedItems();
    const [one] = fc.sample(
      item.filter((made) => Boolean(made.decision?.form)),
      { numRuns: 1, seed: 7 },
    );
    if (one === undefined) throw new Error('no item');
    for (let nth = 0; nth < 20_000; nth += 1) packed.push({ ...one, sample: { ...one.sample, inputTokens: nth } });
    const inputs = (from: number, to: number): number[] =>
      copies(packed, from, to).map((each) => each.sample.inputTokens);
    for (let gone = 0; gone < 20_000; gone += 2_500) {
      expect(inputs(0, 2)).toEqual([gone, gone + 1]);
      packed.remove(0, 2_500);
    }
    expect(packed.length).toBe(0);
    packed.push(one);
    expect(copies(packed, 0, 1)).toEqual([one]);
  });
});
