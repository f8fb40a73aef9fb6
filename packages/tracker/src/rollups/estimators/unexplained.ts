import { nameShown } from '../../printable.ts';
import type { Outcome } from '../../problem.ts';
import { dot } from './singular-values.ts';
import { criticalT } from './student-t.ts';
import { requireAmount, tokensOf } from './token-fit.ts';
import type { TokenFit, TokenRow } from './token-fit.ts';

export interface UnexplainedOptions {
  /** Confidence of the interval; 0.95. */
  readonly level?: number;
  /** Steps in which the bar is read; 1 for whole percentage points, 0 for an exact meter. */
  readonly meterStepPp?: number;
}

/** What a window took from the bar that its counted tokens do not account for. */
export interface Unexplained {
  readonly observedPp: number;
  readonly fittedPp: number;
  /** Observed − fitted: above 0, something took from the bar that we did not count. */
  readonly unexplainedPp: number;
  /** Where `unexplainedPp` may lie, spread of the fit and reading of the bar included. */
  readonly loPp: number;
  readonly hiPp: number;
  readonly level: number;
  /** The interval leaves 0 out: luck and rounding alone would seldom do that. */
  readonly isBeyondChance: boolean;
}

/**
 * Observed − fitted with a prediction interval: ± t(df)·√(s² + xᵀ·Cov·x), and one step of the meter on either side,
 * since each of the two readings of a difference is off by up to half a step. The step is added whole, not as a
 * variance: two readings of one window are two draws, not many that would even out. For a row that is not part of the
 * fit; one that is has pulled the fit towards itself.
 *
 * A problem if the row used a model of which the fit knows nothing. Throws RangeError for a negative number or one that
 * is not finite.
 */
export function unexplained(fit: TokenFit, row: TokenRow, options: UnexplainedOptions = {}): Outcome<Unexplained> {
  const { level = 0.95, meterStepPp = 1 } = options;
  for (const value of [row.pp, meterStepPp, ...Object.values(row.tokens)]) requireAmount(value);
  const known = new Set(fit.coefficients.map(({ model }) => model));
  const unknown = Object.keys(row.tokens).filter((model) => tokensOf(row.tokens, model) > 0 && !known.has(model));
  if (unknown.length > 0) {
    const message = `no percentage points per token are known for ${unknown.toSorted().map(nameShown).join(', ')}`;
    return { ok: false, problem: { code: 'cannot-estimate', message } };
  }
  const mtok = fit.coefficients.map(({ model }) => tokensOf(row.tokens, model) / 1e6);
  const fittedPp = dot(
    mtok,
    fit.coefficients.map(({ ppPerMtok }) => ppPerMtok),
  );
  const ofFit = dot(
    mtok,
    fit.covariance.map((line) => dot(line, mtok)),
  );
  const half = criticalT(level, fit.df) * Math.sqrt(fit.residualSdPp ** 2 + ofFit) + meterStepPp;
  const unexplainedPp = row.pp - fittedPp;
  const [loPp, hiPp] = [unexplainedPp - half, unexplainedPp + half];
  const isBeyondChance = loPp > 0 || hiPp < 0;
  return { ok: true, value: { observedPp: row.pp, fittedPp, unexplainedPp, loPp, hiPp, level, isBeyondChance } };
}
