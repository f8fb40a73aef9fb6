import type { Lane } from '../config/catalog.ts';
import type { RerouteMode } from '../config/settings.ts';
import type { Permit, Refusal, Routed, Trail } from '../exchange.ts';
import { failure, type Failure } from '../failure.ts';
import type { RerouteAnswer, RerouteQuestion } from '../route/reroute.ts';
import type { Quotas } from './quotas.ts';

/** What admission asks of others. */
export interface AdmitOptions {
  readonly quotas: Quotas;
  readonly mode: RerouteMode;
  readonly reroute: (question: RerouteQuestion) => RerouteAnswer;
  /** Waits for a free place on the lane. `onGone` is told how to leave the queue. */
  readonly takeSlot: (
    lane: string,
    limit: number | null,
    onGone: (leave: () => void) => void,
  ) => Promise<() => void> | (() => void);
  /** The name a model is booked under; bounded in number. */
  readonly bookName: (model: string) => string;
  readonly nowTs: () => number;
  readonly timeZone: string;
}

/** The right to try the lane at `index`, with its tokens set aside and a place on it; or why not. */
export async function admit(
  routed: Routed,
  index: number,
  trail: Trail,
  options: AdmitOptions,
): Promise<Permit | Refusal> {
  const { accepted, choice, config } = routed;
  const { lane, model } = choice.lanes[index] ?? { lane: NO_LANE, model: accepted.facts.model };
  const booked = options.bookName(accepted.facts.model);
  const reservation = options.quotas.reserve(
    {
      lane: lane.id,
      model: booked,
      spends: accepted.op === 'messages',
      bodyBytes: accepted.plainBody.length,
      maxTokens: accepted.facts.maxTokens,
      nowTs: options.nowTs(),
    },
    config.quotas,
  );
  const answer = options.reroute({
    mode: options.mode,
    verdict: reservation.verdict.verdict,
    coolingDown: false,
    hasOther: index + 1 < choice.lanes.length,
  });
  const permit: Permit = {
    routed,
    lane,
    model,
    attempt: trail.tried.length + 1,
    reservation,
    releaseSlot: () => undefined,
    preferred: index === 0,
    notes: { left: false, sharedFields: '' },
    wastedMs: trail.tried.length === 0 ? 0 : performance.now() - accepted.atMs,
    ...explain(routed, trail, answer),
  };
  if (lane === NO_LANE || answer.action !== 'stay') {
    reservation.release();
    return {
      permit: { ...permit, ...notTried(permit, answer) },
      refused: lane === NO_LANE ? noLane(routed) : blocked(permit, booked, options),
    };
  }
  const slot = options.takeSlot(lane.id, lane.concurrency, (leave) => accepted.outgoing.once('close', leave));
  return { ...permit, releaseSlot: typeof slot === 'function' ? slot : await slot };
}

/** Stands in the books where there was no lane to choose. */
const NO_LANE: Lane = Object.freeze({
  id: 'none',
  baseUrl: '',
  origin: '',
  basePath: '',
  passThrough: false,
  headerMode: 'x-api-key',
  credential: null,
  keyProblem: null,
  modelMap: [],
  concurrency: null,
  requires: null,
  timeouts: { connectMs: 0, headerMs: 0, jsonMs: 0, idleMs: 0, keepAliveMs: 0 },
});

function noLane({ choice, accepted }: Routed): Failure {
  const why = choice.skipped.map((item) => `${item.lane}: ${item.reason}`).join('; ') || choice.reason;
  return failure(
    'no_usable_lane',
    `No lane can take the model "${accepted.facts.model}" (${why}). See GET /v1/readyz.`,
  );
}

/** Says which window is spent and the clock time at which it has room again. */
function blocked({ lane, reservation, routed }: Permit, model: string, options: AdmitOptions): Failure {
  const { verdict, estimate } = reservation;
  const use = verdict.reason === 'weekly' ? verdict.weekly : verdict.rolling;
  const { rollingSeconds } = routed.config.quotas;
  const windowName = verdict.reason === 'weekly' ? 'weekly window' : `rolling ${inWords(rollingSeconds)} window`;
  const needs = estimate.input + estimate.output + estimate.cacheWrite;
  const clears = new Date((options.nowTs() + verdict.etaClearSec) * 1000);
  const clock = new Intl.DateTimeFormat('en-GB', {
    timeZone: options.timeZone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    timeZoneName: 'short',
  }).format(clears);
  const spent = `${Math.round(use.used).toLocaleString('en-US')} of ${(use.cap ?? 0).toLocaleString('en-US')} tokens`;
  return failure(
    'quota_blocked',
    `Quota for ${model} on ${lane.id} is spent: ${spent} used in the ${windowName}, this request needs about ${needs.toLocaleString('en-US')}. It has room again at ${clock}. Raise the limit in quotas.json or add a fallback lane to go on now.`,
    { 'retry-after': String(Math.max(1, verdict.etaClearSec)), 'x-should-retry': 'false' },
  );
}

interface Explained {
  readonly decision: string;
  readonly decisionReason: string;
  readonly rerouteDecision: string;
  readonly fallbackFrom: string | null;
}

/** Why this lane: a failed attempt before it, else a quota that turned the request away, else the route. */
function explain({ choice }: Routed, { tried, refused }: Trail, answer: RerouteAnswer): Explained {
  const last = tried.at(-1);
  if (last !== undefined) {
    const from = last.permit.lane.id;
    const decision =
      last.answer === null ? 'net_fallback' : last.judgement.kind === 'rate_limited' ? 'quota_overshoot' : 'fallback';
    const decisionReason = `${from} failed: ${last.judgement.reason}`;
    return { decision, decisionReason, rerouteDecision: answer.decision, fallbackFrom: from };
  }
  const away = refused.at(-1)?.permit;
  if (away !== undefined) {
    const { decision, decisionReason } = away;
    return { decision, decisionReason, rerouteDecision: decision, fallbackFrom: null };
  }
  const decision = answer.decision === 'quota_pass' ? choice.decision : answer.decision;
  return { decision, decisionReason: choice.reason, rerouteDecision: answer.decision, fallbackFrom: null };
}

/** How a lane stands in the books that was passed over. */
function notTried({ lane, reservation }: Permit, { decision }: RerouteAnswer): Partial<Permit> {
  if (lane === NO_LANE) return { attempt: 0, preferred: false };
  const { reason, rolling, weekly } = reservation.verdict;
  const share = reason === 'weekly' ? weekly.pct : rolling.pct;
  const decisionReason = `${lane.id} is at ${percent(share)} of its ${reason === 'weekly' ? 'weekly' : 'rolling'} quota`;
  return { attempt: 0, preferred: false, decision, rerouteDecision: decision, decisionReason };
}

function inWords(seconds: number): string {
  return seconds % 3600 === 0 ? `${seconds / 3600} h` : `${Math.round(seconds / 60)} min`;
}

function percent(fraction: number): string {
  return `${Math.round(fraction * 100)} %`;
}
