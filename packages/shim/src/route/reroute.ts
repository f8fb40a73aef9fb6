import type { RerouteMode } from '../config/settings.ts';

export interface RerouteQuestion {
  readonly mode: RerouteMode;
  /** What our own quota says about the lane at hand; `block`: less is left than the request is expected to need. */
  readonly verdict: 'allow' | 'warn' | 'block';
  /** `resting`: the provider rejected this lately and its window has not reset. `due`: it has, and nobody has tried yet. */
  readonly rest: 'none' | 'resting' | 'due';
  /** Another lane comes after this one. */
  readonly hasOther: boolean;
}

export type RerouteDecision =
  | 'quota_pass'
  | 'quota_cooldown'
  | 'quota_block'
  | 'quota_preemptive_warn'
  | 'quota_preemptive_pass'
  | 'quota_warn_attempt'
  | 'quota_run_to_limit';

export interface RerouteAnswer {
  /** `stay`: attempt this lane. `next`: try the other one. `refuse`: there is none. */
  readonly action: 'stay' | 'next' | 'refuse';
  readonly decision: RerouteDecision;
}

/**
 * May a request stay on its lane?
 *
 * A lane that rests is left in every mode, for it is the provider that said no; once its window has reset, one request
 * goes first. With nowhere else to go it is tried all the same: the provider's own answer is then the best there is.
 * - `run2cap`: our own quota stops nothing; the provider says when it is enough.
 * - `preemptive`: leaves at the warning.
 * - `hybrid`: leaves when less is left than the request is expected to need, so that the provider is overshot at most
 *   once per cooldown.
 */
export function reroute({ mode, verdict, rest, hasOther }: RerouteQuestion): RerouteAnswer {
  if (rest === 'resting' && hasOther) return { action: 'next', decision: 'quota_cooldown' };
  if (mode === 'run2cap') return { action: 'stay', decision: 'quota_run_to_limit' };
  if (verdict === 'block') return { action: hasOther ? 'next' : 'refuse', decision: 'quota_block' };
  if (rest === 'resting') return { action: 'stay', decision: 'quota_cooldown' };
  if (verdict === 'allow')
    return { action: 'stay', decision: mode === 'preemptive' ? 'quota_preemptive_pass' : 'quota_pass' };
  if (mode === 'preemptive' && hasOther) return { action: 'next', decision: 'quota_preemptive_warn' };
  return { action: 'stay', decision: 'quota_warn_attempt' };
}
