import type { ModelLimit, QuotaConfig } from '../config/catalog.ts';
import type { LimitOf } from './quotas.ts';

/** How two model names are compared; supplied by the route stage, which owns the pattern language. */
export interface ModelNames {
  readonly fold: (name: string) => string;
  readonly matcher: (pattern: string) => (name: string) => boolean;
}

/** Exact name, then the same model under another spelling or date, then globs in file order. */
export function limitFinder(names: ModelNames): LimitOf {
  const compiled = new WeakMap<
    QuotaConfig,
    { limit: ModelLimit; folded: string; matches: (name: string) => boolean }[]
  >();
  return (config, lane, model) => {
    let rules = compiled.get(config);
    if (rules === undefined) {
      rules = config.limits.map((limit) => ({
        limit,
        folded: names.fold(limit.model),
        matches: names.matcher(limit.model),
      }));
      compiled.set(config, rules);
    }
    const here = rules.filter(({ limit }) => limit.lane === null || limit.lane === lane);
    const folded = names.fold(model);
    const rule =
      here.find(({ limit }) => limit.model === model) ??
      here.find((candidate) => candidate.folded === folded) ??
      here.find((candidate) => candidate.matches(model));
    return rule?.limit ?? null;
  };
}
