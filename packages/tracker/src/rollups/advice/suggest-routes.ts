import type { LaneState, ProvidersConfig, Usage } from '@ccp/contracts';
import type { RouteSuggestion, Suggested, Withheld } from './suggestion.ts';

/** The shim falls back by itself; only a long rest is worth another order. */
const MIN_REST_S = 3600;

/** Routes whose first lane rests for long, with a lane in front that is usable now. */
export function suggestRoutes({ lanes = {}, ts }: Usage, current: ProvidersConfig): Suggested {
  const suggestions: RouteSuggestion[] = [];
  const withheld: Withheld[] = [];
  for (const [at, { pattern, provider, fallback = [] }] of (current.routes ?? []).entries()) {
    const lane = lanes[provider];
    if (lane?.cooldown_active !== true) continue;
    const about = `route ${pattern}`;
    const rest = restOf(lane, ts);
    const instead = fallback.find((id) => isFree(lanes[id]));
    if (rest === null || rest < MIN_REST_S) {
      const known = rest === null ? 'for an unknown time' : `for ${minutes(rest)} more`;
      withheld.push({ about, reason: `${provider} rests ${known}; ${minutes(MIN_REST_S)} are needed` });
    } else if (instead === undefined) {
      withheld.push({ about, reason: `${provider} rests and no fallback is usable` });
    } else {
      suggestions.push({
        file: 'providers.yaml',
        route: at,
        provider: instead,
        fallback: [...fallback.filter((id) => id !== instead), provider],
        evidence: evidenceOf(provider, lane, rest),
        confidence: lane.cooldown_kind === null || lane.cooldown_kind === undefined ? 'local' : 'official',
      });
    }
  }
  return { suggestions, withheld };
}

function restOf({ cooldown_next_ts: next = null }: LaneState, ts: number): number | null {
  return next === null ? null : next - ts;
}

function isFree(lane: LaneState | undefined): boolean {
  return lane !== undefined && lane.usable && lane.cooldown_active !== true;
}

function evidenceOf(
  provider: string,
  { cooldown_reason: reason, rate_limited: limited }: LaneState,
  rest: number,
): string {
  const why = reason === null || reason === undefined || reason === '' ? '' : ` (${reason})`;
  const often = limited === undefined ? '' : `, ${limited} times rate limited since the shim started`;
  return `${provider} rests for ${minutes(rest)} more${why}${often}`;
}

function minutes(seconds: number): string {
  return `${Math.round(seconds / 60)} min`;
}
