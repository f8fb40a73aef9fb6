import type { ConfigSnapshot } from '../config/catalog.ts';
import type { Attempted, Ended, Permit } from '../exchange.ts';
import type { RerouteQuestion } from '../route/reroute.ts';
import type { LaneChoice, RoutePolicy } from '../route/choose-lanes.ts';

/** Everything a decision rested on and what came of it, as kept for `shim explain`. Names as on the wire. */
export interface DecisionRecord {
  readonly v: 1;
  readonly rid: string;
  readonly ts: number;
  readonly model: string;
  readonly op: string;
  readonly stream: boolean;
  readonly subagent: boolean;
  /** Id of the configuration it was made under. */
  readonly config: string;
  readonly route: {
    readonly decision: string;
    readonly reason: string;
    readonly lanes: readonly string[];
    readonly skipped: readonly { readonly lane: string; readonly reason: string }[];
  };
  readonly steps: readonly DecisionStep[];
  readonly answer: {
    readonly lane: string;
    readonly status: number;
    readonly ended: string;
    readonly decision: string;
    readonly reason: string;
  };
}

/** One lane that was looked at, in order. */
export interface DecisionStep {
  readonly lane: string;
  readonly upstream_model: string;
  readonly attempted: boolean;
  readonly question: RerouteQuestion;
  readonly action: string;
  readonly decision: string;
  readonly shadow: string | null;
  readonly probe: boolean;
  readonly quota: {
    readonly reason: string;
    readonly rolling_used: number;
    readonly rolling_cap: number | null;
    readonly weekly_used: number;
    readonly weekly_cap: number | null;
    readonly pending: number;
    readonly need: number;
  };
  readonly cooldown: { readonly kind: string; readonly reason: string; readonly until_ts: number } | null;
  readonly outcome: { readonly kind: string; readonly reason: string; readonly status: number | null } | null;
}

/** Holds nothing of the request itself: it may wait for the next write without keeping a body alive. */
export function decisionRecord(ended: Ended, ts: number, config: string): DecisionRecord {
  const { permit } = ended;
  const { accepted, choice } = permit.routed;
  return {
    v: 1,
    rid: accepted.rid,
    ts,
    model: accepted.facts.model,
    op: accepted.op,
    stream: accepted.facts.stream,
    subagent: accepted.facts.agentId !== null,
    config,
    route: routeOf(choice),
    steps: stepsOf(ended),
    answer: {
      lane: permit.lane.id,
      status: ended.status,
      ended: ended.how,
      decision: permit.decision,
      reason: permit.decisionReason,
    },
  };
}

const routes = new WeakMap<LaneChoice, DecisionRecord['route']>();

/** The same choice is made for thousands of requests. */
function routeOf(choice: LaneChoice): DecisionRecord['route'] {
  let route = routes.get(choice);
  if (route === undefined) {
    const { decision, reason, skipped } = choice;
    route = { decision, reason, lanes: choice.lanes.map(({ lane }) => lane.id), skipped };
    routes.set(choice, route);
  }
  return route;
}

/** In the order of the lanes, which is that in which they were looked at. */
function stepsOf({ permit, status, how, errType }: Ended): DecisionStep[] {
  const { tried, refused } = permit.trail;
  const kind = how === 'complete' && status < 400 ? 'ok' : how;
  if (tried.length === 0 && refused.length === 0) return [stepOf(permit, true, { kind, reason: errType, status })];
  const order = permit.routed.choice.lanes.map(({ lane }) => lane.id);
  // A lane that was asked again as the last resort stands there once, as it was then.
  const passedOver = refused
    .filter((one) => one.permit === permit || one.permit.lane !== permit.lane)
    .map((one) => stepOf(one.permit, false, null));
  const failed = tried.map((one) => stepOf(one.permit, true, outcomeOf(one)));
  const isAmongThem = [...tried, ...refused].some((one) => one.permit === permit);
  const last = isAmongThem ? [] : [stepOf(permit, true, { kind, reason: errType, status })];
  return [...passedOver, ...failed, ...last].toSorted((a, b) => order.indexOf(a.lane) - order.indexOf(b.lane));
}

function outcomeOf({ judgement, answer }: Attempted): DecisionStep['outcome'] {
  const reason = judgement.rejection?.reason ?? judgement.reason;
  return { kind: judgement.rejection?.kind ?? judgement.kind, reason, status: answer?.status ?? null };
}

function stepOf(permit: Permit, attempted: boolean, outcome: DecisionStep['outcome']): DecisionStep {
  const { rest, question, answer, shadow } = permit.decided;
  const { verdict } = permit.reservation;
  return {
    lane: permit.lane.id,
    upstream_model: permit.model,
    attempted,
    question,
    action: answer.action,
    decision: answer.decision,
    shadow,
    probe: permit.releaseProbe !== null,
    quota: {
      reason: verdict.reason,
      rolling_used: verdict.rolling.used,
      rolling_cap: verdict.rolling.cap,
      weekly_used: verdict.weekly.used,
      weekly_cap: verdict.weekly.cap,
      pending: verdict.pending,
      need: verdict.need,
    },
    cooldown:
      rest.cooldown === null
        ? null
        : { kind: rest.cooldown.kind, reason: rest.cooldown.reason, until_ts: rest.cooldown.untilTs },
    outcome,
  };
}

/** What choosing lanes looked at, without a credential or an address, so that it can be done again elsewhere. */
export interface RouteInputs {
  readonly lanes: readonly {
    readonly id: string;
    readonly pass_through: boolean;
    readonly unusable: string | null;
    readonly model_map: readonly { readonly pattern: string; readonly model: string }[];
  }[];
  readonly routes: readonly {
    readonly pattern: string;
    readonly lane: string;
    readonly fallback: readonly string[] | null;
    readonly when: { readonly subagent?: boolean; readonly stream?: boolean } | null;
  }[];
  readonly manual_model: string | null;
  readonly offload_paused: boolean;
  readonly force_haiku_to_zai: boolean;
}

export function routeInputs(
  { catalog, manualModel }: ConfigSnapshot,
  policy: Pick<RoutePolicy, 'offloadPaused' | 'forceHaikuToZai'>,
  whyUnusable: (lane: string) => string | null,
): RouteInputs {
  return {
    lanes: [...catalog.lanes.values()].map((lane) => ({
      id: lane.id,
      pass_through: lane.passThrough,
      unusable: whyUnusable(lane.id),
      model_map: lane.modelMap,
    })),
    routes: catalog.routes,
    manual_model: manualModel,
    offload_paused: policy.offloadPaused,
    force_haiku_to_zai: policy.forceHaikuToZai,
  };
}
