import type { Outcome } from '../../problem.ts';
import { windowsText } from './interval.ts';
import { nonNegativeLeastSquares } from './non-negative-least-squares.ts';
import type { NonNegativeFit } from './non-negative-least-squares.ts';
import { decompose, dot } from './singular-values.ts';

/** What one window took from the bar, and the tokens counted in it per model (weighted as the caller sees fit). */
export interface TokenRow {
  readonly pp: number;
  /** A model that is not named used none. */
  readonly tokens: Readonly<Record<string, number>>;
}

export interface TokenCoefficient {
  readonly model: string;
  /** Percentage points per million tokens, never below 0. */
  readonly ppPerMtok: number;
  /** Given the models held at 0; null: this is one of them, the data would have it below 0. */
  readonly standardError: number | null;
}

/** The bar as a sum of tokens at a price in percentage points. */
export interface TokenFit {
  readonly rows: number;
  /** Rows less models, those held at 0 included. */
  readonly df: number;
  /** By name. */
  readonly coefficients: readonly TokenCoefficient[];
  /** Of the coefficients, in their order; 0 where one is held. */
  readonly covariance: readonly (readonly number[])[];
  /** Standard deviation of what the fit leaves, pp. */
  readonly residualSdPp: number;
  /** Condition number of the columns brought to one length. */
  readonly condition: number;
}

const MIN_ROWS = 8;
const ROWS_PER_MODEL = 3;
const MIN_TOTAL_PP = 10;
// Belsley, Kuh & Welsch (1980): from 30 on, columns of one length are too alike to tell their coefficients apart.
const MAX_CONDITION = 30;
const TOKENS_PER_MTOK = 1e6;

/**
 * Percentage points per million tokens and model, by least squares through 0 with no coefficient below 0. Refuses with
 * a reason what it could only guess: fewer than 8 rows or 3 per model, less than 10 pp in all, models always used in
 * the same proportion. Standard errors take the spread to be the same in each row and the models held at 0 as given.
 *
 * Throws RangeError for a negative number or one that is not finite.
 */
export function fitTokensToPp(rows: readonly TokenRow[]): Outcome<TokenFit> {
  for (const { pp, tokens } of rows) for (const value of [pp, ...Object.values(tokens)]) requireAmount(value);
  const models = modelsUsed(rows);
  const target = rows.map(({ pp }) => pp);
  const total = target.reduce((sum, pp) => sum + pp, 0);
  if (models.length === 0) return refused('no tokens were counted in any window');
  const needed = Math.max(MIN_ROWS, ROWS_PER_MODEL * models.length);
  if (rows.length < needed) {
    const unit = models.length === 1 ? 'model' : 'models';
    return refused(`${windowsText(rows.length)} for ${models.length} ${unit}; it needs ${needed}`);
  }
  if (total < MIN_TOTAL_PP) {
    return refused(`the windows took ${Number(total.toFixed(2))} pp in all; it needs ${MIN_TOTAL_PP} pp`);
  }
  const columns = models.map((model) => rows.map(({ tokens }) => tokensOf(tokens, model) / TOKENS_PER_MTOK));
  const lengths = columns.map((column) => Math.sqrt(dot(column, column)));
  const alike = columns.map((column, at) => column.map((value) => value / (lengths[at] ?? 1)));
  const { values } = decompose(alike);
  const condition = Math.max(...values) / Math.min(...values);
  if (!(condition <= MAX_CONDITION)) {
    return refused(`${models.join(', ')} were used in nearly the same proportion in every window`);
  }
  const fit = nonNegativeLeastSquares(alike, target);
  const df = rows.length - models.length;
  const variance = dot(fit.residuals, fit.residuals) / df;
  const covariance = covarianceOf(fit, lengths, variance);
  const coefficients = models.map((model, at) => ({
    model,
    ppPerMtok: (fit.coefficients[at] ?? 0) / (lengths[at] ?? 1),
    standardError: fit.free.includes(at) ? Math.sqrt(covariance[at]?.[at] ?? 0) : null,
  }));
  return {
    ok: true,
    value: { rows: rows.length, df, coefficients, covariance, residualSdPp: Math.sqrt(variance), condition },
  };
}

/** Tokens of a model in a row; 0 if it is not named there. */
export function tokensOf(tokens: TokenRow['tokens'], model: string): number {
  return Object.hasOwn(tokens, model) ? (tokens[model] ?? 0) : 0;
}

/** Throws RangeError for a negative number or one that is not finite. */
export function requireAmount(value: number): void {
  if (!(Number.isFinite(value) && value >= 0)) throw new RangeError(`${value} is not an amount`);
}

function modelsUsed(rows: readonly TokenRow[]): readonly string[] {
  const used = rows.flatMap(({ tokens }) => Object.keys(tokens).filter((model) => tokensOf(tokens, model) > 0));
  return [...new Set(used)].toSorted((a, b) => (a < b ? -1 : 1));
}

/** σ²·V·diag(1/s²)·Vᵀ of the free columns, brought back to their own lengths. */
function covarianceOf({ free, decomposition }: NonNegativeFit, lengths: readonly number[], variance: number) {
  const { right, values } = decomposition;
  const entry = (a: number, b: number): number =>
    values.reduce((sum, s, k) => sum + ((right[k]?.[a] ?? 0) * (right[k]?.[b] ?? 0)) / (s * s), 0);
  return lengths.map((rowLength, row) =>
    lengths.map((columnLength, column) => {
      const [a, b] = [free.indexOf(row), free.indexOf(column)];
      return a < 0 || b < 0 ? 0 : (variance * entry(a, b)) / (rowLength * columnLength);
    }),
  );
}

function refused(why: string): Outcome<TokenFit> {
  return {
    ok: false,
    problem: { code: 'cannot-estimate', message: `no percentage points per token can be estimated: ${why}` },
  };
}
