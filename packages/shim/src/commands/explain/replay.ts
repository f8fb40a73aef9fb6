import { noQuotas } from '../../config/built-in.ts';
import type { ConfigSnapshot, Lane } from '../../config/catalog.ts';
import { DEFAULT_FEATURES } from '../../config/feature-flags.ts';
import { NO_LANE } from '../../quota/admit.ts';
import { chooseLanes, type LaneChoice, type RoutePolicy } from '../../route/choose-lanes.ts';
import { reroute } from '../../route/reroute.ts';
import type { DecisionRecord, DecisionStep, RouteInputs } from '../../store/decision-record.ts';

/** Makes the recorded decisions again, from what they rested on. Answers what came out differently, in words. */
export function replay(record: DecisionRecord, inputs: RouteInputs): string[] {
  const choice = chooseLanes(record, snapshotOf(inputs), policyOf(inputs));
  return [...routeDifferences(record, choice), ...record.steps.flatMap((step) => stepDifferences(step, choice))];
}

function routeDifferences({ route }: DecisionRecord, choice: LaneChoice): string[] {
  const compare = comparing('route');
  return [
    ...compare('decision', route.decision, choice.decision),
    ...compare('reason', route.reason, choice.reason),
    ...compare('lanes', idsOf(route.lanes), idsOf(choice.lanes.map(({ lane }) => lane.id))),
    ...compare('lanes passed over', idsOf(skippedOf(route)), idsOf(skippedOf(choice))),
  ];
}

function stepDifferences(step: DecisionStep, { lanes }: LaneChoice): string[] {
  const compare = comparing(`lane ${step.lane}`);
  const answer = reroute(step.question);
  // In shadow mode the question is the one that was followed; what the quota itself said is only noted.
  const { decision } = step;
  const action = compare('action', step.action, answer.action);
  const candidate = lanes.find(({ lane }) => lane.id === step.lane);
  const model = candidate === undefined ? [] : compare('model', step.upstream_model, candidate.model);
  return [...action, ...compare('decision', decision, answer.decision), ...model];
}

function comparing(where: string): (what: string, recorded: string, made: string) => string[] {
  return (what, recorded, made) =>
    recorded === made ? [] : [`${where}: ${what} was "${recorded}" and is now "${made}"`];
}

function idsOf(ids: readonly string[]): string {
  return ids.length === 0 ? 'none' : ids.join(' → ');
}

function skippedOf({ skipped }: Pick<LaneChoice, 'skipped'>): string[] {
  return skipped.map(({ lane, reason }) => `${lane} (${reason})`);
}

function snapshotOf({ lanes, routes, manual_model: manualModel }: RouteInputs): ConfigSnapshot {
  const catalog = {
    path: '',
    lanes: new Map(lanes.map((lane) => [lane.id, laneOf(lane)])),
    routes,
    features: DEFAULT_FEATURES,
    loadedTs: 0,
    warnings: [],
  };
  return { catalog, quotas: noQuotas(0), manualModel };
}

/** As much of a lane as routing looks at; whatever made it unusable stands where the lack of a key would. */
function laneOf({ id, pass_through, unusable, model_map }: RouteInputs['lanes'][number]): Lane {
  return { ...NO_LANE, id, passThrough: pass_through, keyProblem: unusable, modelMap: model_map };
}

function policyOf({ offload_paused, force_haiku_to_zai }: RouteInputs): RoutePolicy {
  return {
    offloadPaused: offload_paused,
    forceHaikuToZai: force_haiku_to_zai,
    // What was not entitled then is among the reasons why a lane was unusable.
    isEntitled: () => true,
    ownOrigins: new Set(),
  };
}
