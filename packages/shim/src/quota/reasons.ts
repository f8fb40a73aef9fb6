import type { Permit, Routed, Trail } from '../exchange.ts';
import { failure, type Failure } from '../failure.ts';
import type { Decided } from './admit.ts';
import type { ClockTime } from './clock-time.ts';
import { OVERAGE, PROBE_S, type Cooldown, type RestState } from './cooldown.ts';

interface Explained {
  readonly decision: string;
  readonly decisionReason: string;
  readonly rerouteDecision: string;
  readonly fallbackFrom: string | null;
}

/** Decisions by which a quota leaves things as routing had them. */
const PASSES: ReadonlySet<string> = new Set(['quota_pass', 'quota_preemptive_pass']);

/**
 * Why this lane: a failed attempt before it, else a quota that turned the request away elsewhere, else the route.
 * `lastResort`: it was turned away here as well, and nobody else took it.
 */
export function explain(
  { choice }: Routed,
  { tried, refused }: Trail,
  { answer, rest }: Decided,
  lastResort: boolean,
): Explained {
  const rerouteDecision = answer.decision;
  const last = tried.at(-1);
  if (last !== undefined) {
    const from = last.permit.lane.id;
    const decision =
      last.answer === null ? 'net_fallback' : last.judgement.kind === 'rate_limited' ? 'quota_overshoot' : 'fallback';
    const what = last.judgement.rejection?.reason ?? last.judgement.reason;
    return { decision, decisionReason: `${from} failed: ${what}`, rerouteDecision, fallbackFrom: from };
  }
  const away = lastResort ? undefined : refused.at(-1)?.permit;
  if (away !== undefined) {
    const { decision, decisionReason } = away;
    return { decision, decisionReason, rerouteDecision: decision, fallbackFrom: null };
  }
  const decision = PASSES.has(rerouteDecision) ? choice.decision : rerouteDecision;
  // The same text for thousands of requests.
  if (rest.cooldown === null && !lastResort)
    return { decision, decisionReason: choice.reason, rerouteDecision, fallbackFrom: null };
  const reasons = [choice.reason];
  if (rest.cooldown !== null) reasons.push(afterRest(rest));
  if (lastResort) reasons.push('no other lane took it');
  return { decision, decisionReason: reasons.join('; '), rerouteDecision, fallbackFrom: null };
}

function afterRest({ state, cooldown }: RestState): string {
  return state === 'due'
    ? `the first request since ${cooldown?.kind ?? 'a rejection'} ended`
    : `resting after ${cooldown?.reason ?? 'a rejection'}, and there is no other lane`;
}

/** How a lane stands in the books that was passed over. */
export function notTried({ lane, reservation, decided }: Permit): Partial<Permit> {
  const { answer, rest } = decided;
  if (lane.id === 'none') return { attempt: 0, preferred: false };
  const { decision } = answer;
  const { reason, rolling, weekly } = reservation.verdict;
  const { use, name } = reason === 'weekly' ? { use: weekly, name: 'weekly' } : { use: rolling, name: 'rolling' };
  const decisionReason =
    rest.state === 'resting' && rest.cooldown !== null
      ? `${lane.id} rests after ${rest.cooldown.reason}`
      : `${lane.id} is at ${percent(use.pct)} of its ${name} quota`;
  return { attempt: 0, preferred: false, decision, rerouteDecision: decision, decisionReason };
}

/** Where the times of a message come from. */
interface Clock {
  readonly nowTs: () => number;
  readonly clockTime: ClockTime;
}

/** What a client is told when this lane was its last hope. */
export function turnedAway(permit: Permit, model: string, clock: Clock): Failure {
  if (permit.lane.id === 'none') return noLane(permit.routed);
  const { rest, question } = permit.decided;
  // A lane may rest and be out of quota at once: what counts is by which of the two it was left.
  const byRest = rest.state === 'resting' && (question.rest === 'resting' ? question.hasOther : true);
  return byRest && rest.cooldown !== null
    ? resting(permit, model, rest.cooldown, clock)
    : blocked(permit, model, clock);
}

function noLane({ choice, accepted }: Routed): Failure {
  const why = choice.skipped.map((item) => `${item.lane}: ${item.reason}`).join('; ') || choice.reason;
  return failure(
    'no_usable_lane',
    `No lane can take the model "${accepted.facts.model}" (${why}). See GET /v1/readyz.`,
  );
}

function resting({ lane }: Permit, model: string, { reason, kind, untilTs }: Cooldown, clock: Clock): Failure {
  const waitS = untilTs - clock.nowTs();
  // Its time is over, and one request has gone to see.
  if (waitS <= 0)
    return failure('quota_blocked', `${lane.id} is being asked whether it takes ${model} again.`, retryAt(PROBE_S));
  const remedy =
    kind === OVERAGE
      ? `Set overage: allow for ${lane.id} in providers.yaml to go on now`
      : 'Add a fallback lane to go on now';
  return failure(
    'quota_blocked',
    `${lane.id} takes no requests for ${model} until ${clock.clockTime(untilTs)}: ${reason}. ${remedy}.`,
    retryAt(waitS),
  );
}

/** Says which window is spent and the clock time at which it has room again. */
function blocked({ lane, reservation, routed }: Permit, model: string, clock: Clock): Failure {
  const { verdict } = reservation;
  const isWeekly = verdict.reason === 'weekly';
  const use = isWeekly ? verdict.weekly : verdict.rolling;
  const windowName = isWeekly ? 'weekly window' : `rolling ${inWords(routed.config.quotas.rollingSeconds)} window`;
  const spent = `${amount(use.used)} of ${amount(use.cap ?? 0)} tokens`;
  const when = clock.clockTime(clock.nowTs() + verdict.etaClearSec);
  return failure(
    'quota_blocked',
    `Quota for ${model} on ${lane.id} is spent: ${spent} used in the ${windowName}, this request needs about ${amount(verdict.need)}. It has room again at ${when}. Raise the limit in quotas.json or add a fallback lane to go on now.`,
    retryAt(verdict.etaClearSec),
  );
}

function retryAt(seconds: number): Readonly<Record<string, string>> {
  return { 'retry-after': String(Math.max(1, Math.ceil(seconds))), 'x-should-retry': 'false' };
}

function inWords(seconds: number): string {
  return seconds % 3600 === 0 ? `${seconds / 3600} h` : `${Math.round(seconds / 60)} min`;
}

function amount(tokens: number): string {
  return AMOUNT.format(Math.round(tokens));
}

const AMOUNT = new Intl.NumberFormat('en-US');

function percent(fraction: number): string {
  return `${Math.round(fraction * 100)} %`;
}
