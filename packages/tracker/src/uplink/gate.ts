import { TIER_RULES } from '@ccp/contracts';
import type { PrivacyTier } from '@ccp/contracts';
import type { Outcome } from '../problem.ts';

/** Whether a valid license has a feature; if not, why and what to do. */
export type Entitlement =
  { readonly ok: true } | { readonly ok: false; readonly reason: string; readonly remedy?: string };

/** Asks the license in force. Declared here, supplied by the command: this room verifies nothing. */
export type AskLicense = (feature: string) => Entitlement;

/** Whether anything may leave at a tier. Without a license that says so the answer is no. */
export function mayLeaveAt(tier: PrivacyTier, ask: AskLicense): Outcome<'minimized' | 'full'> {
  if (tier === 'local')
    return {
      ok: false,
      problem: {
        code: 'tier-local',
        message: 'nothing leaves this machine: the tier is local',
        remedy: 'tracker privacy preview --tier minimized shows what would; tracker privacy set changes it',
      },
    };
  const { requires } = TIER_RULES[tier];
  const entitlement = requires === null ? ({ ok: true } as const) : ask(requires);
  if (entitlement.ok) return { ok: true, value: tier };
  const { reason, remedy = 'Install a license that has it, or stay at the tier local' } = entitlement;
  return {
    ok: false,
    problem: {
      code: 'not-entitled',
      message: `nothing was sent: the tier ${tier} needs ${requires}, and ${reason}`,
      remedy,
    },
  };
}
