import type { Refusal, Trail } from '../exchange.ts';
import { OVERAGE } from './cooldown.ts';

/** Which lane is asked for. */
export interface Visit {
  readonly index: number;
  /** No lane comes after it. */
  readonly isLast: boolean;
  /** Every lane was asked and none took it: this one is asked as if it were the only one. */
  readonly lastResort: boolean;
}

/**
 * Every lane in order; then, when none was tried, the first one that was only left for another's sake. Without any lane
 * admission is asked once all the same: it says why there is none.
 */
export function* visits(lanes: number, trail: Trail): Generator<Visit> {
  const count = Math.max(1, lanes);
  for (let index = 0; index < count; index += 1) yield { index, isLast: index + 1 === count, lastResort: false };
  if (trail.tried.length > 0) return;
  const index = trail.refused.findIndex(wasLeftForAnother);
  if (index >= 0) yield { index, isLast: true, lastResort: true };
}

/** A warning or a rest makes a lane second best; a spent quota and what costs extra rule it out. */
function wasLeftForAnother({ permit }: Refusal): boolean {
  const { answer, rest } = permit.decided;
  if (answer.action !== 'next' || rest.cooldown?.kind === OVERAGE) return false;
  return answer.decision === 'quota_preemptive_warn' || answer.decision === 'quota_cooldown';
}
