import type { ValidPolicy } from '@ccp/contracts';
import { BUILT_IN } from './built-in.ts';
import type { Catalog, Route } from './catalog.ts';
import { canonicalLane } from './load-catalog.ts';

/**
 * The catalog with the routes of a verified policy. A user's own routes come first: the policy is asked only for models
 * that none of them matches. Before the built-in routes it comes first. Lanes it names that are not configured are left
 * out and said; what a lane requires still holds.
 */
export function withPolicy(catalog: Catalog, { policy }: ValidPolicy): Catalog {
  const isBuiltIn = catalog.path === BUILT_IN;
  const routes: Route[] = [];
  const missing = new Set<string>();
  for (const { pattern, lane: named } of policy.routing) {
    const lane = canonicalLane(named, catalog.lanes);
    if (catalog.lanes.has(lane)) routes.push({ pattern, lane, fallback: null, when: null, origin: 'policy' });
    else missing.add(named);
  }
  const own = isBuiltIn ? catalog.routes.map((route) => ({ ...route, origin: 'default' as const })) : catalog.routes;
  return {
    ...catalog,
    routes: isBuiltIn ? [...routes, ...own] : [...own, ...routes],
    warnings: [
      ...catalog.warnings,
      ...[...missing].map((lane) => ({
        file: `<policy ${policy.version}>`,
        line: null,
        message: `it names lane ${lane}, which is not configured`,
        remedy: 'Its other routes are used; add the lane to providers.yaml, or set its key',
      })),
    ],
  };
}
