import type { Lane } from '../config/catalog.ts';
import type { RerouteMode } from '../config/settings.ts';
import type { Permit, Refusal, Routed, Trail } from '../exchange.ts';
import type { RerouteAnswer, RerouteQuestion } from '../route/reroute.ts';
import type { RestState } from './cooldown.ts';
import type { Quotas } from './quotas.ts';
import { explain, notTried, turnedAway } from './reasons.ts';

/** What admission asks of others. */
export interface AdmitOptions {
  readonly quotas: Quotas;
  readonly mode: RerouteMode;
  readonly reroute: (question: RerouteQuestion) => RerouteAnswer;
  /** Does this model rest on this lane, because its provider said no? */
  readonly restOf: (lane: string, model: string, nowTs: number) => RestState;
  /** Takes the place of the one request that goes first after a rest; answers how to give it back. */
  readonly takeProbe: (lane: string, model: string, nowTs: number) => () => void;
  /** Waits for a free place on the lane. `onGone` is told how to leave the queue. */
  readonly takeSlot: (wanted: SlotWish, onGone: (leave: () => void) => void) => Promise<() => void> | (() => void);
  /** The name a model is booked under; bounded in number. */
  readonly bookName: (model: string) => string;
  readonly nowTs: () => number;
  readonly timeZone: string;
}

export interface SlotWish {
  readonly lane: string;
  readonly limit: number | null;
  /** Who shares a lane fairly: an agent, else a session. */
  readonly agent: string;
  /** Another lane was left for this one. */
  readonly switched: boolean;
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
  const spends = accepted.op === 'messages';
  const admittedTs = options.nowTs();
  const reservation = options.quotas.reserve(
    {
      lane: lane.id,
      model: booked,
      spends,
      bodyBytes: accepted.plainBody.length,
      maxTokens: accepted.facts.maxTokens,
      nowTs: admittedTs,
    },
    config.quotas,
  );
  const decide = (): Decided => {
    const rest = spends ? options.restOf(lane.id, booked, options.nowTs()) : NO_REST;
    const unpaid = rest.state === 'resting' && rest.cooldown?.kind === 'overage';
    const hasOther = index + 1 < choice.lanes.length;
    // What would be billed on top is refused in every mode: the owner said so.
    const question: RerouteQuestion = unpaid
      ? { mode: 'hybrid', verdict: 'block', rest: 'none', hasOther }
      : { mode: options.mode, verdict: reservation.verdict.verdict, rest: rest.state, hasOther };
    const answer = options.reroute(question);
    // In shadow mode our own quota turns nobody away; what the provider said still holds.
    const inShadow = config.catalog.features.quota_shadow && answer.action !== 'stay' && rest.state !== 'resting';
    return inShadow
      ? { rest, question, answer: { action: 'stay', decision: 'quota_pass' }, shadow: answer.decision }
      : { rest, question, answer, shadow: null };
  };
  const permitFor = (decided: Decided): Permit => ({
    routed,
    lane,
    model,
    attempt: trail.tried.length + 1,
    reservation,
    releaseSlot: () => undefined,
    preferred: index === 0,
    notes: { left: false, sharedFields: '' },
    wastedMs: trail.tried.length === 0 ? 0 : performance.now() - accepted.atMs,
    decided,
    releaseProbe: null,
    trail,
    admittedTs,
    ...explain(routed, trail, decided),
  });
  const refuse = (decided: Decided): Refusal => {
    reservation.release();
    const permit = permitFor(decided);
    return { permit: { ...permit, ...notTried(permit) }, refused: turnedAway(permit, booked, options) };
  };

  let decided = decide();
  if (lane === NO_LANE || decided.answer.action !== 'stay') return refuse(decided);
  const { agentId, sessionId } = accepted.facts;
  const wish = { lane: lane.id, limit: lane.concurrency, agent: agentId ?? sessionId ?? '', switched: index > 0 };
  let slot = options.takeSlot(wish, (leave) => accepted.outgoing.once('close', leave));
  if (typeof slot !== 'function') {
    slot = await slot;
    // The provider may have said no to those ahead in the queue.
    decided = decide();
    if (decided.answer.action !== 'stay') {
      slot();
      return refuse(decided);
    }
  }
  const releaseProbe = decided.rest.state === 'due' ? options.takeProbe(lane.id, booked, options.nowTs()) : null;
  return { ...permitFor(decided), releaseSlot: slot, releaseProbe };
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
