import type { ConfigSnapshot, Lane, Route } from '../config/catalog.ts';
import type { IsEntitled } from '../license/entitlements.ts';
import { modelMatcher } from './glob.ts';

export type RouteDecision = 'pass_through' | 'forced_model' | 'manual_override' | 'failover_paused' | 'license_block';

/** A lane and the name it knows the model by. */
export interface Candidate {
  readonly lane: Lane;
  readonly model: string;
}

/** The ordered lanes a request may take, and why. */
export interface LaneChoice {
  readonly lanes: readonly Candidate[];
  readonly decision: RouteDecision;
  /** In words, e.g. `route claude-haiku* → zai`. */
  readonly reason: string;
  /** Lanes passed over because they can't be used: id → why. */
  readonly skipped: readonly { readonly lane: string; readonly reason: string }[];
}

export interface RouteQuestion {
  readonly model: string;
  readonly stream: boolean;
  readonly subagent: boolean;
}

export interface RoutePolicy {
  readonly offloadPaused: boolean;
  readonly forceHaikuToZai: boolean;
  readonly isEntitled: IsEntitled;
  /** Addresses this process listens on: a lane that points there would send requests round in circles. */
  readonly ownOrigins: ReadonlySet<string>;
}

/** model → lanes, first match wins. Pure: everything comes in as an argument. */
export function chooseLanes(question: RouteQuestion, config: ConfigSnapshot, policy: RoutePolicy): LaneChoice {
  const { lanes } = config.catalog;
  const skipped: { lane: string; reason: string }[] = [];
  const usable = (ids: readonly string[]): Candidate[] =>
    ids.flatMap((id) => {
      const lane = lanes.get(id);
      if (lane === undefined) return [];
      const reason = whyUnusable(lane, policy);
      if (reason === null) return [{ lane, model: upstreamModel(lane, question.model) }];
      if (!skipped.some((item) => item.lane === id)) skipped.push({ lane: id, reason });
      return [];
    });

  if (policy.offloadPaused) {
    const own = usable([...lanes.keys()]).filter(({ lane }) => lane.passThrough);
    return { lanes: own, decision: 'failover_paused', reason: 'OFFLOAD_PAUSED=1: only pass-through lanes', skipped };
  }
  const isForced = policy.forceHaikuToZai && lanes.has('zai') && /haiku/i.test(question.model);
  const model = config.manualModel ?? question.model;
  const matching = config.catalog.routes.filter((route) => routeMatches(route, model, question));
  const own = matching.filter(({ origin }) => origin === undefined);
  const [first, ...later] = own.length > 0 ? own : matching;
  const laterLanes = later.map((route) => route.lane);
  const routed = first === undefined ? [] : [first.lane, ...(first.fallback ?? laterLanes)];
  const wanted = isForced ? ['zai', ...routed] : routed;
  let chosen = usable([...new Set(wanted)]);
  let reason = isForced
    ? 'FORCE_HAIKU_TO_ZAI=1'
    : first === undefined
      ? 'no route matches'
      : `${first.origin === 'policy' ? 'policy ' : ''}route ${first.pattern} → ${first.lane}`;
  if (chosen.length === 0) {
    // The chosen lanes can't be used: the next matching route, then any pass-through lane, rather than an error.
    const rest = [...laterLanes, ...[...lanes.values()].filter((lane) => lane.passThrough).map((lane) => lane.id)];
    chosen = usable([...new Set(rest)]);
    if (chosen[0] !== undefined) reason += `; instead ${chosen[0].lane.id}`;
  }
  return {
    lanes: chosen,
    decision: decide({
      lane: chosen[0]?.lane,
      manual: config.manualModel !== null,
      unlicensed: skipped.some((item) => item.lane === wanted[0] && item.reason.startsWith('license_block')),
    }),
    reason: withSkipped(reason, skipped),
    skipped,
  };
}

/** Why a lane can't carry requests at all; null when it can. */
export function whyUnusable(
  lane: Lane,
  { isEntitled, ownOrigins }: Pick<RoutePolicy, 'isEntitled' | 'ownOrigins'>,
): string | null {
  if (ownOrigins.has(lane.origin)) return 'self_loop: base_url points at this shim';
  if (lane.keyProblem !== null) return lane.keyProblem;
  if (lane.requires !== null && !isEntitled(lane.requires)) return `license_block: needs ${lane.requires}`;
  return null;
}

interface Decided {
  readonly lane: Lane | undefined;
  readonly manual: boolean;
  /** The lane that routing put first was passed over for lack of a license. */
  readonly unlicensed: boolean;
}

function decide({ lane, manual, unlicensed }: Decided): RouteDecision {
  if (unlicensed) return 'license_block';
  if (manual) return 'manual_override';
  return lane === undefined || lane.passThrough ? 'pass_through' : 'forced_model';
}

function withSkipped(reason: string, skipped: readonly { lane: string; reason: string }[]): string {
  return skipped.reduce((text, item) => `${text}; skipped ${item.lane} (${item.reason})`, reason);
}

const matchers = new Map<string, (model: string) => boolean>();

/** Patterns come from configuration, so there are few of them: compiled once. */
function matcherOf(pattern: string): (model: string) => boolean {
  let matcher = matchers.get(pattern);
  if (matcher === undefined) {
    if (matchers.size > 1000) matchers.clear();
    matcher = modelMatcher(pattern);
    matchers.set(pattern, matcher);
  }
  return matcher;
}

function routeMatches(route: Route, model: string, question: RouteQuestion): boolean {
  if (route.when?.subagent !== undefined && route.when.subagent !== question.subagent) return false;
  if (route.when?.stream !== undefined && route.when.stream !== question.stream) return false;
  return matcherOf(route.pattern)(model);
}

/** The name a lane knows this model by; the same name where its map has no entry. */
function upstreamModel(lane: Lane, model: string): string {
  for (const { pattern, model: mapped } of lane.modelMap) {
    if (matcherOf(pattern)(model)) return mapped;
  }
  return model;
}
