import fc from 'fast-check';
import type { WindowPoint } from '../window-point.ts';

/** Windows with ids of their own, whole features and capacities in half units above 0. */
export function arbitraryPoints(minLength: number, maxLength = 12): fc.Arbitrary<readonly WindowPoint[]> {
  return fc
    .array(fc.record({ features: fc.integer({ min: 0, max: 30 }), halves: fc.integer({ min: 1, max: 120 }) }), {
      minLength,
      maxLength,
    })
    .map((rows) =>
      rows.map(({ features, halves }, index) => ({ window: `W0-${index}`, features, capacity: halves / 2 })),
    );
}
