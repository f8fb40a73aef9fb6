import type { RerouteMode } from '../config/settings.ts';

export interface RerouteQuestion {
  readonly mode: RerouteMode;
  /** What the quota says about the lane at hand. */
  readonly verdict: 'allow' | 'warn' | 'block';
  /** The lane refused this model lately and its window has not reset. */
  readonly coolingDown: boolean;
  /** Another lane comes after this one. */
  readonly hasOther: boolean;
}

export type RerouteDecision =
  | 'quota_pass'
  | 'quota_cooldown'
  | 'quota_block'
  | 'quota_preemptive_warn'
  | 'quota_warn_attempt'
  | 'quota_run_to_limit';

export interface RerouteAnswer {
  /** `stay`: attempt this lane. `next`: try the other one. `refuse`: there is none. */
  readonly action: 'stay' | 'next' | 'refuse';
  readonly decision: RerouteDecision;
}

/**
 * May a request stay on its lane?
 * - `run2cap`: always; the provider says when it is enough.
 * - `preemptive`: leaves at the warning.
 * - `hybrid`: leaves at the block.
 */
export function reroute({ mode, verdict, coolingDown, hasOther }: RerouteQuestion): RerouteAnswer {
  if (mode === 'run2cap') return { action: 'stay', decision: 'quota_run_to_limit' };
  if (coolingDown && hasOther) return { action: 'next', decision: 'quota_cooldown' };
  if (verdict === 'block') return { action: hasOther ? 'next' : 'refuse', decision: 'quota_block' };
  if (verdict === 'allow') return { action: 'stay', decision: 'quota_pass' };
  if (mode === 'preemptive' && hasOther) return { action: 'next', decision: 'quota_preemptive_warn' };
  return { action: 'stay', decision: 'quota_warn_attempt' };
}
