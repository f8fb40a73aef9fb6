/** A = U·diag(s)·Vᵀ of a matrix given by columns, with U·diag(s) kept in one. */
export interface Decomposition {
  /** Columns of U·diag(s). */
  readonly scaled: readonly Float64Array[];
  /** Columns of V. */
  readonly right: readonly Float64Array[];
  /** Singular values, in the order of the columns, not sorted. */
  readonly values: readonly number[];
}

const MAX_SWEEPS = 60;

/**
 * The singular values of a tall matrix with few columns, by one-sided Jacobi rotations (Hestenes 1958; Golub & Van Loan
 * §8.6): pairs of columns are turned until all are orthogonal. Slow for many columns, accurate for small values.
 */
export function decompose(columns: readonly (readonly number[])[]): Decomposition {
  const scaled = columns.map((column) => Float64Array.from(column));
  const right = columns.map((_, at) => Float64Array.from(columns, (_column, row) => (row === at ? 1 : 0)));
  for (let sweep = 0, turned = true; turned && sweep < MAX_SWEEPS; sweep += 1) {
    turned = false;
    for (const [p, left] of scaled.entries()) {
      for (const [q, other] of scaled.entries()) {
        const turn = q > p ? angleBetween(left, other) : null;
        if (turn === null) continue;
        turned = true;
        rotate(left, other, turn);
        const [a, b] = [right[p], right[q]];
        if (a !== undefined && b !== undefined) rotate(a, b, turn);
      }
    }
  }
  return { scaled, right, values: scaled.map((column) => Math.sqrt(dot(column, column))) };
}

/** Σ a·b over the shorter of the two. */
export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let total = 0;
  for (let row = 0; row < Math.min(a.length, b.length); row += 1) total += (a[row] ?? 0) * (b[row] ?? 0);
  return total;
}

interface Turn {
  readonly cos: number;
  readonly sin: number;
}

/** The rotation that makes two columns orthogonal; null: they are. */
function angleBetween(a: Float64Array, b: Float64Array): Turn | null {
  const aa = dot(a, a);
  const bb = dot(b, b);
  const ab = dot(a, b);
  if (Math.abs(ab) <= 1e-15 * Math.sqrt(aa * bb)) return null;
  const zeta = (bb - aa) / (2 * ab);
  const tan = (zeta < 0 ? -1 : 1) / (Math.abs(zeta) + Math.sqrt(1 + zeta * zeta));
  const cos = 1 / Math.sqrt(1 + tan * tan);
  return { cos, sin: cos * tan };
}

function rotate(a: Float64Array, b: Float64Array, { cos, sin }: Turn): void {
  for (const [row, value] of a.entries()) {
    const other = b[row] ?? 0;
    a[row] = cos * value - sin * other;
    b[row] = sin * value + cos * other;
  }
}
