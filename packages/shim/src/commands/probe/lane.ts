import { openConfig } from '../../config/config-store.ts';
import type { Catalog, ConfigSnapshot, Lane } from '../../config/catalog.ts';
import type { Settings } from '../../config/settings.ts';
import { chooseLanes } from '../../route/choose-lanes.ts';
import { nowTs } from '../config/settings-of.ts';
import type { Address } from '../link/address.ts';
import { askReadyz } from '../link/ask-shim.ts';
import { laneReadiness } from '../link/lane-readiness.ts';
import { OperatorError } from '../operator-command.ts';

/** What the probe is going to spend on: a lane with a key of its own that the model is routed to. */
export function laneFor(id: string, model: string, settings: Settings): Lane & { readonly credential: string } {
  const config = openConfig(settings, nowTs).current();
  const { catalog } = config;
  const lane = catalog.lanes.get(id);
  if (lane === undefined)
    throw new OperatorError(
      `${catalog.path} has no lane ${id}`,
      `give --lane with one of ${[...catalog.lanes.keys()].join(', ') || 'none'}, or set its key (ZAI_API_KEY)`,
    );
  const { credential } = lane;
  if (credential === null)
    throw new OperatorError(
      `the lane ${id} has no key of its own here (${lane.keyProblem ?? "it passes its clients' through"})`,
      'set its key in this environment: the quota is read with it',
    );
  checkRoute(id, model, config);
  return { ...lane, credential };
}

function checkRoute(id: string, model: string, config: ConfigSnapshot): void {
  // Whether a lane may be used is for the running shim to say; here only routes count.
  const policy = {
    offloadPaused: false,
    forceHaikuToZai: false,
    isEntitled: () => true,
    ownOrigins: new Set<string>(),
  };
  const { lanes } = chooseLanes({ model, stream: false, subagent: false }, config, policy);
  if (lanes[0]?.lane.id === id) return;
  const there = lanes[0] === undefined ? 'nowhere' : `to ${lanes[0].lane.id}`;
  throw new OperatorError(
    `${model} is routed ${there}, not to ${id}`,
    `give --model with a name that matches ${patternsTo(id, config.catalog)}, or add a route to providers.yaml`,
  );
}

function patternsTo(id: string, { routes }: Catalog): string {
  return routes.flatMap(({ lane, pattern }) => (lane === id ? pattern : [])).join(', ') || `a route to ${id}`;
}

/** The running shim must use the lane, and the database that the result goes to. */
export async function checkShim(shim: Address, lane: string, database: string): Promise<void> {
  const readyz = await askReadyz(shim);
  const kept = readyz.store?.database?.path ?? null;
  if (kept === null)
    throw new OperatorError(
      `the shim at ${shim.url} keeps no database (CCP_PERSIST=0)`,
      'start it with CCP_PERSIST=1: what is measured is kept there',
    );
  if (kept !== database)
    throw new OperatorError(
      `the shim at ${shim.url} keeps its database at ${kept}, not at ${database}`,
      'give the same --state-dir (CCP_STATE_DIR) or CCP_DB_PATH as it was started with',
    );
  const readiness = laneReadiness(readyz).get(lane);
  if (readiness?.ok !== true)
    throw new OperatorError(
      `the shim at ${shim.url} can't use the lane ${lane} (${readiness?.reason ?? 'it has none of that name'})`,
      'mend that first; shim providers shows every lane',
    );
}
