import type { Problem } from '../problem.ts';
import type { Fields } from './older/shape.ts';

/** A window's quality on the one scale we use, and what could not be read as such. */
export interface Judged {
  readonly row: Fields;
  readonly notes: readonly Problem[];
}

/**
 * Earlier writers used `quality_score` for a share from 0 to 1, for 1 minus churn (0.5 to 1), and for marks from 1 to 5.
 * A share is kept. Marks become (mark - 1) / 4 when the row says that they are marks. Anything else is not known: null.
 * Whatever was changed keeps its value in `quality_raw`.
 *
 * @param marks whether every row of this writer holds marks
 */
export function withQuality(row: Fields, marks = false): Judged {
  const raw = row['quality_score'] ?? row['quality'];
  // Judged before, by us.
  if (raw === undefined || row['quality_raw'] !== undefined) return { row, notes: [] };
  if (raw === null) return { row: withScore(row, null), notes: [] };
  const isNumber = typeof raw === 'number';
  if (marks || saysMarks(row)) {
    if (isNumber && raw >= 1 && raw <= 5)
      return { row: { ...withScore(row, (raw - 1) / 4), quality_raw: raw }, notes: [] };
  } else if (isNumber && raw >= 0 && raw <= 1) return { row: withScore(row, raw), notes: [] };
  return { row: { ...withScore(row, null), quality_raw: raw }, notes: [unknownScale()] };
}

function withScore(row: Fields, score: number | null): Fields {
  return { ...row, quality_score: score, quality: score };
}

function saysMarks({ quality_scale: scale, methodology }: Fields): boolean {
  return [scale, methodology].some(
    (words) => typeof words === 'string' && /\brubric\b|\b1\s?(?:-|–|to)\s?5\b/i.test(words),
  );
}

function unknownScale(): Problem {
  return {
    code: 'quality-scale-unknown',
    pointer: '/quality_score',
    message: 'the quality is on no known scale, so it counts as not judged; the row keeps it in quality_raw',
    remedy: 'Take the row back and finish the window again with a quality from 0 to 1',
  };
}
