import type { Lane, QuotaConfig } from '../config/catalog.ts';
import type { RerouteMode } from '../config/settings.ts';
import type { Attempted, Permit, Refusal, Routed } from '../exchange.ts';
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
  tried: readonly Attempted[],
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
    attempt: tried.length + 1,
    reservation,
    releaseSlot: () => undefined,
    preferred: index === 0,
    wastedMs: tried.length === 0 ? 0 : performance.now() - accepted.atMs,
    ...explain({
      routed,
      booked,
      index,
      tried,
      answer,
      quotas: options.quotas,
      config: config.quotas,
      nowTs: options.nowTs(),
    }),
  };
  if (lane === NO_LANE || answer.action !== 'stay') {
    reservation.release();
    return { permit, refused: lane === NO_LANE ? noLane(routed) : blocked(permit, booked, options) };
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
function blocked({ lane, reservation }: Permit, model: string, options: AdmitOptions): Failure {
  const { verdict, estimate } = reservation;
  const use = verdict.reason === 'weekly' ? verdict.weekly : verdict.rolling;
  const windowName = verdict.reason === 'weekly' ? 'weekly window' : 'rolling 5 h window';
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

interface ExplainQuestion {
  readonly booked: string;
  readonly routed: Routed;
  readonly index: number;
  readonly tried: readonly Attempted[];
  readonly answer: RerouteAnswer;
  readonly quotas: Quotas;
  readonly config: QuotaConfig;
  readonly nowTs: number;
}

/** Why this lane: a failed attempt before it, else a quota that turned the request away, else the route. */
function explain({ routed, booked, index, tried, answer, quotas, config, nowTs }: ExplainQuestion): Explained {
  const { choice } = routed;
  const last = tried.at(-1);
  if (last !== undefined) {
    const from = last.permit.lane.id;
    const decision =
      last.answer === null ? 'net_fallback' : last.judgement.kind === 'rate_limited' ? 'quota_overshoot' : 'fallback';
    return {
      decision,
      decisionReason: `${from} failed: ${last.judgement.reason}`,
      rerouteDecision: answer.decision,
      fallbackFrom: from,
    };
  }
  const passedOver = index === 0 ? undefined : choice.lanes[index - 1];
  if (passedOver !== undefined) {
    const { verdict } = quotas.standing(passedOver.lane.id, booked, config, nowTs);
    const share = verdict.reason === 'weekly' ? verdict.weekly.pct : verdict.rolling.pct;
    const decision = verdict.verdict === 'warn' ? 'quota_preemptive_warn' : 'quota_block';
    const decisionReason = `${passedOver.lane.id} is at ${percent(share)} of its ${verdict.reason === 'weekly' ? 'weekly' : 'rolling'} quota`;
    return { decision, decisionReason, rerouteDecision: decision, fallbackFrom: null };
  }
  const decision = answer.decision === 'quota_pass' ? choice.decision : answer.decision;
  return { decision, decisionReason: choice.reason, rerouteDecision: answer.decision, fallbackFrom: null };
}

function percent(fraction: number): string {
  return `${Math.round(fraction * 100)} %`;
}
