import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Sketch } from '../../sketch.ts';
import { OrderedSketch } from './ordered-sketch.ts';

const values = fc.array(fc.oneof(fc.constant(0), fc.double({ min: 1e-9, max: 1e7, noNaN: true })), { maxLength: 60 });

function sketchOf(some: readonly number[]): Sketch {
  const sketch = new Sketch();
  for (const value of some) sketch.add(value);
  return sketch;
}

describe('OrderedSketch', () => {
  it('says the same as the sketch of all that was added', () => {
    fc.assert(
      fc.property(fc.array(values, { maxLength: 5 }), (parts) => {
        const whole = sketchOf(parts.flat());
        const ordered = new OrderedSketch(new Sketch());
        for (const part of parts) ordered.add(sketchOf(part));
        expect(ordered.count).toBe(whole.count);
        expect(ordered.toText()).toBe(JSON.stringify(whole));
        for (const p of [0, 0.5, 0.9, 0.99, 1]) expect(ordered.quantile(p)).toBe(whole.quantile(p));
      }),
    );
  });
});
