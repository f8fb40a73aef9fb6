import type { Lane } from '../config/catalog.ts';
import type { RerouteMode } from '../config/settings.ts';
import type { Permit, Refusal, Routed, Trail } from '../exchange.ts';
import type { RerouteAnswer, RerouteQuestion } from '../route/reroute.ts';
import { steadyMs } from '../steady-clock.ts';
import type { ClockTime } from './clock-time.ts';
import type { Cooldown, RestState } from './cooldown.ts';
import type { Quotas } from './quotas.ts';
import type { Reservation } from './reservation.ts';
import { explain, notTried, turnedAway } from './reasons.ts';
import type { Visit } from './visits.ts';

/** What admission asks of others. */
export interface AdmitOptions {
  readonly quotas: Quotas;
  readonly mode: RerouteMode;
  readonly reroute: (question: RerouteQuestion) => RerouteAnswer;
  /** Does this model rest on this lane, because its provider said no? */
  readonly restOf: (lane: string, model: string, nowTs: number) => RestState;
  /** Does the provider bill this lane beyond its plan? */
  readonly billedBeyond: (lane: string, nowTs: number) => Cooldown | null;
  /** Takes the place of the one request that goes first after a rest; answers how to give it back. */
  readonly takeProbe: (lane: string, model: string, nowTs: number) => () => void;
  /** Waits for a free place on the lane. `onGone` is told how to leave the queue. */
  readonly takeSlot: (wanted: SlotWish, onGone: (leave: () => void) => void) => Promise<() => void> | (() => void);
  /** The name a model is booked under; bounded in number. */
  readonly bookName: (model: string) => string;
  readonly nowTs: () => number;
  readonly clockTime: ClockTime;
}

export interface SlotWish {
  readonly lane: string;
  /** Requests in flight at most; null: any number. */
  readonly limit: number | null;
  /** Who shares a lane fairly: an agent, else a session. */
  readonly agent: string;
  /** Another lane was left for this one. */
  readonly switched: boolean;
}

/** Who asks for which lane, after what. */
export interface Asking {
  readonly routed: Routed;
  readonly visit: Visit;
  readonly trail: Trail;
  /** Told what to do when the client leaves. */
  readonly onGone: (leave: () => void) => void;
}

/** The right to try a lane, with its tokens set aside and a place on it; or why not. */
export async function admit(
  { routed, visit, trail, onGone }: Asking,
  options: AdmitOptions,
): Promise<Permit | Refusal> {
  const { accepted, choice } = routed;
  const { lane, model } = choice.lanes[visit.index] ?? { lane: NO_LANE, model: accepted.facts.model };
  const booked = options.bookName(accepted.facts.model);
  let judged = judge({ routed, lane, booked, visit, options });
  const refuse = (): Refusal => {
    judged.reservation.release();
    const permit = permitFor();
    return { permit: { ...permit, ...notTried(permit) }, refused: turnedAway(permit, booked, options) };
  };
  const permitFor = (): Permit => ({
    routed,
    lane,
    model,
    attempt: trail.tried.length + 1,
    reservation: judged.reservation,
    releaseSlot: () => undefined,
    preferred: visit.index === 0,
    notes: { left: false, shared: null },
    wastedMs: trail.tried.length === 0 ? 0 : steadyMs() - accepted.atMs,
    decided: judged.decided,
    releaseProbe: null,
    trail,
    admittedTs: judged.ts,
    ...explain(routed, trail, judged.decided, visit.lastResort),
  });
  if (lane === NO_LANE || judged.decided.answer.action !== 'stay') return refuse();
  const { agentId, sessionId } = accepted.facts;
  const wish = {
    lane: lane.id,
    limit: lane.concurrency,
    agent: agentId ?? sessionId ?? '',
    switched: visit.index > 0,
  };
  let slot = options.takeSlot(wish, onGone);
  if (typeof slot !== 'function') {
    slot = await slot;
    // Those ahead in the queue have spent meanwhile, or the provider has said no to them.
    judged.reservation.release();
    judged = judge({ routed, lane, booked, visit, options });
    if (judged.decided.answer.action !== 'stay') {
      slot();
      return refuse();
    }
  }
  const isDue = judged.decided.rest.state === 'due';
  const releaseProbe = isDue ? options.takeProbe(lane.id, booked, options.nowTs()) : null;
  return { ...permitFor(), releaseSlot: slot, releaseProbe };
}

interface Case {
  readonly routed: Routed;
  readonly lane: Lane;
  readonly booked: string;
  readonly visit: Visit;
  readonly options: AdmitOptions;
}

interface Judged {
  readonly ts: number;
  readonly reservation: Reservation;
  readonly decided: Decided;
}

/** Sets the expected need aside and decides by what is known at this moment. */
function judge({ routed, lane, booked, visit, options }: Case): Judged {
  const { accepted, config } = routed;
  const ts = options.nowTs();
  const spends = accepted.op === 'messages';
  const reservation = options.quotas.reserve(
    {
      lane: lane.id,
      model: booked,
      spends,
      bodyBytes: accepted.bodyBytes,
      maxTokens: accepted.facts.maxTokens,
      nowTs: ts,
    },
    config.quotas,
  );
  const hasOther = !visit.isLast;
  const billed = spends && lane.overage === 'block' ? options.billedBeyond(lane.id, ts) : null;
  if (billed !== null) {
    // What would be billed on top is refused in every mode, shadow mode included: the owner said so.
    const question = { mode: 'hybrid', verdict: 'block', rest: 'none', hasOther } as const;
    const rest = { state: 'resting', cooldown: billed } as const;
    return { ts, reservation, decided: { rest, question, answer: options.reroute(question), shadow: null } };
  }
  const rest = spends ? options.restOf(lane.id, booked, ts) : NO_REST;
  const { verdict } = reservation.verdict;
  const question: RerouteQuestion = { mode: options.mode, verdict, rest: rest.state, hasOther };
  const answer = options.reroute(question);
  if (!config.catalog.features.quota_shadow || verdict === 'allow')
    return { ts, reservation, decided: { rest, question, answer, shadow: null } };
  // In shadow mode our own quota has no say; what the provider said still holds.
  const acted = { ...question, verdict: 'allow' } as const;
  const actual = options.reroute(acted);
  const shadow = actual.action === answer.action ? null : answer.decision;
  return { ts, reservation, decided: { rest, question: acted, answer: actual, shadow } };
}

/** What admission went by, kept so that a decision can be explained, and made again, later. */
export interface Decided {
  readonly rest: RestState;
  readonly question: RerouteQuestion;
  readonly answer: RerouteAnswer;
  /** What the quota would have decided, where shadow mode let the request pass; null otherwise. */
  readonly shadow: string | null;
}

const NO_REST: RestState = Object.freeze({ state: 'none', cooldown: null });

/** Stands in the books where there was no lane to choose. */
export const NO_LANE: Lane = Object.freeze({
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
  overage: 'allow',
  price: null,
  requires: null,
  timeouts: { connectMs: 0, headerMs: 0, jsonMs: 0, idleMs: 0, keepAliveMs: 0 },
});
