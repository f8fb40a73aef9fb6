import type { ModelLimit, QuotaConfig } from '../config/catalog.ts';
import { LaneModelMap } from './lane-model-map.ts';
import type { LimitOf } from './quotas.ts';

/** How two model names are compared; supplied by the route stage, which owns the pattern language. */
export interface ModelNames {
  readonly fold: (name: string) => string;
  readonly matcher: (pattern: string) => (name: string) => boolean;
}

/**
 * Models past the bound on names are booked together, but those of one limit apart from the others: a name that nobody
 * keeps books for must not be a way around its cap.
 */
export function overflowName(limit: ModelLimit | null, others: string): string {
  return limit === null ? others : `${OVERFLOW}${limit.model})`;
}

const OVERFLOW = '(other: ';

/** Exact name, then the same model under another spelling or date, then globs in file order. */
export function limitFinder(names: ModelNames): LimitOf {
  const finders = new WeakMap<QuotaConfig, (lane: string, model: string) => ModelLimit | null>();
  // Nearly always the one asked about a moment ago.
  let last: QuotaConfig | null = null;
  let find: (lane: string, model: string) => ModelLimit | null = () => null;
  return (config, lane, model) => {
    if (config !== last) {
      find = finders.get(config) ?? finderFor(config, names);
      finders.set(config, find);
      last = config;
    }
    return find(lane, model);
  };
}

/** Answers are kept: a few lanes and models ask again and again, and the patterns cost more than the rest of admission. */
function finderFor(config: QuotaConfig, names: ModelNames): (lane: string, model: string) => ModelLimit | null {
  const rules = config.limits.map((limit) => ({
    limit,
    folded: names.fold(limit.model),
    matches: names.matcher(limit.model),
  }));
  const answers = new LaneModelMap<ModelLimit | null>();
  return (lane, model) => {
    const known = answers.get(lane, model);
    if (known !== undefined) return known;
    const here = rules.filter(({ limit }) => limit.lane === null || limit.lane === lane);
    const folded = names.fold(model);
    const rule =
      here.find(({ limit }) => limit.model === model || overflowName(limit, '') === model) ??
      here.find((candidate) => candidate.folded === folded) ??
      here.find((candidate) => candidate.matches(model));
    if (answers.size >= MOST_ANSWERS) answers.clear();
    answers.set(lane, model, rule?.limit ?? null);
    return rule?.limit ?? null;
  };
}

const MOST_ANSWERS = 2_000;
