import type { ChurnRecord, GlmCount, WindowRecord } from '@ccp/contracts';
import { efficiency } from './estimators/efficiency.ts';
import type { Efficiency } from './estimators/efficiency.ts';
import { power, windowsNeeded } from './estimators/power.ts';
import { qualityEfficiency } from './estimators/quality.ts';
import type { QualityEfficiency } from './estimators/quality.ts';
import type { ReportTurn } from './report/report-turn.ts';
import { windowResiduals } from './window-tokens.ts';
import type { WindowResidual } from './window-tokens.ts';
import { RESOLUTION_PP } from './windows/capacity.ts';
import { windowPoints } from './windows/points.ts';
import type { LedgerPoint, PointSet } from './windows/points.ts';
import type { Estimate } from './windows/provider-overview.ts';

/** Features per unit of capacity that a change of method should be able to show: the tenth the originals aimed at. */
const EFFECT = 0.1;

/** What one provider's capacity bought, with what certainty, and what more windows would tell. */
export interface Bought {
  readonly provider: string;
  readonly unit: string;
  /** Meter the capacity is of; null: none. */
  readonly field: string | null;
  readonly points: readonly LedgerPoint[];
  readonly left_out: PointSet['left_out'];
  readonly efficiency: Efficiency;
  readonly quality_efficiency: QualityEfficiency;
  /** Chance to notice a change of `effect`; null: no standard error. */
  readonly power: number | null;
  readonly effect: number;
  /** Per window, what the bar took beside what the counted tokens account for. */
  readonly residuals: readonly WindowResidual[];
  /** Windows for an interval of ± effect / 2; null: not computable. */
  readonly windows_needed: number | null;
}

/** Rows of the journals. */
export interface BoughtRows {
  readonly records: readonly WindowRecord[];
  readonly glmCounts: readonly GlmCount[];
  /** For the quality of windows nobody judged; absent: none is told. */
  readonly churn?: readonly ChurnRecord[];
  /** For the residuals; absent: none are told. */
  readonly turns?: readonly ReportTurn[];
}

/** Providers in alphabetical order. */
export function bought({ records, glmCounts, churn = [], turns = [] }: BoughtRows, level = 0.95): readonly Bought[] {
  return windowPoints(records, glmCounts, churn).map((set) => ({
    ...boughtOf(set, level),
    residuals: windowResiduals(set, records, turns),
  }));
}

function boughtOf(
  { provider, unit, field, points, left_out: leftOut }: PointSet,
  level: number,
): Omit<Bought, 'residuals'> {
  const options = { level, resolution: unit === 'pp' ? RESOLUTION_PP : 0 };
  const found = efficiency(points, options);
  return {
    provider,
    unit,
    field,
    points,
    left_out: leftOut,
    efficiency: found,
    quality_efficiency: qualityEfficiency(points, options),
    power: power(found, EFFECT),
    effect: EFFECT,
    windows_needed: windowsNeeded(found, EFFECT / 2),
  };
}

/** The estimate of a preview: its interval is Fieller's. */
export function estimateOf(points: readonly LedgerPoint[]): Estimate {
  const found = efficiency(points);
  const { fieller } = found;
  const ci =
    fieller.kind === 'bounded' ? { lo: fieller.lo, hi: fieller.hi } : fieller.kind === 'none' ? null : 'unbounded';
  return { efficiency: found.estimate, ci, n: found.n, power: power(found, EFFECT) };
}
