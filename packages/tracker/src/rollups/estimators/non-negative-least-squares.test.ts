import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nonNegativeLeastSquares } from './non-negative-least-squares.ts';
import { decompose, dot } from './singular-values.ts';

const matrix = fc.integer({ min: 1, max: 5 }).chain((width) =>
  fc.array(fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 9, maxLength: 9 }), {
    minLength: width,
    maxLength: width,
  }),
);
const vector = fc.array(fc.double({ min: -5, max: 20, noNaN: true }), { minLength: 9, maxLength: 9 });

/** Columns of length 1 that can be told apart. */
function wellPosed(columns: readonly (readonly number[])[]): readonly (readonly number[])[] | null {
  const lengths = columns.map((column) => Math.sqrt(dot(column, column)));
  if (lengths.some((length) => length < 1e-3)) return null;
  const alike = columns.map((column, at) => column.map((value) => value / lengths[at]!));
  const { values } = decompose(alike);
  return Math.max(...values) / Math.min(...values) < 30 ? alike : null;
}

test('meets the conditions of Karush, Kuhn and Tucker, which have one solution', () => {
  let posed = 0;
  fc.assert(
    fc.property(matrix, vector, (columns, target) => {
      const alike = wellPosed(columns);
      if (alike === null) return;
      posed += 1;
      const { coefficients, free, residuals } = nonNegativeLeastSquares(alike, target);
      const size = 1e-9 * (1 + Math.sqrt(dot(target, target)));
      for (const [at, coefficient] of coefficients.entries()) {
        const gain = dot(alike[at]!, residuals);
        expect(coefficient).toBeGreaterThanOrEqual(0);
        expect(gain).toBeLessThanOrEqual(size);
        if (coefficient > 0) expect(Math.abs(gain)).toBeLessThanOrEqual(size);
        expect(free.includes(at)).toBe(coefficient > 0);
      }
    }),
    { numRuns: 300 },
  );
  expect(posed).toBeGreaterThan(100);
});

test('the decomposition is one: orthogonal factors that give the matrix back', () => {
  fc.assert(
    fc.property(matrix, (columns) => {
      const { scaled, right, values } = decompose(columns);
      const largest = Math.max(...values);
      for (const [p, a] of scaled.entries()) {
        for (const [q, b] of scaled.entries()) {
          if (p !== q) expect(Math.abs(dot(a, b))).toBeLessThanOrEqual(1e-13 * values[p]! * values[q]! + 1e-300);
          expect(dot(right[p]!, right[q]!)).toBeCloseTo(p === q ? 1 : 0, 12);
        }
      }
      for (const [at, column] of columns.entries()) {
        for (const [row, value] of column.entries()) {
          const back = scaled.reduce((sum, each, k) => sum + each[row]! * right[k]![at]!, 0);
          expect(Math.abs(back - value)).toBeLessThanOrEqual(1e-12 * (1 + largest));
        }
      }
    }),
    { numRuns: 100 },
  );
});
