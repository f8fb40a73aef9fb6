import type { GlmCount, WindowRecord } from '@ccp/contracts';
import type { LedgerPoint, PointSet } from './points.ts';
import { windowPoints } from './points.ts';

/** Features per unit of capacity, as an estimator found it. */
export interface Estimate {
  /** Null: nothing to divide by. */
  readonly efficiency: number | null;
  /** `unbounded`: the windows don't bound it; null: too few windows for an interval. */
  readonly ci: { readonly lo: number; readonly hi: number } | 'unbounded' | null;
  /** Windows behind it. */
  readonly n: number;
  readonly power: number | null;
}

/** How points become an estimate; the caller supplies it. */
export type Estimator = (points: readonly LedgerPoint[], provider: string) => Estimate;

/** What one provider's capacity bought. */
export interface ProviderOverview extends PointSet {
  readonly estimate: Estimate;
}

/** Providers in alphabetical order. */
export function providerOverview(
  records: readonly WindowRecord[],
  glmCounts: readonly GlmCount[],
  estimate: Estimator,
): readonly ProviderOverview[] {
  return windowPoints(records, glmCounts).map((set) => ({ ...set, estimate: estimate(set.points, set.provider) }));
}
