import type { ConfigSnapshot, Lane, ModelLimit } from './catalog.ts';

/** What is different between two configurations, one line each, e.g. `quota claude-haiku*.rolling_tokens: 300000 → 250000`. */
export function describeChanges(before: ConfigSnapshot, after: ConfigSnapshot): string[] {
  const [old, now] = [factsOf(before), factsOf(after)];
  return [...new Set([...old.keys(), ...now.keys()])].flatMap((key) => {
    const [was, is] = [old.get(key), now.get(key)];
    if (was === is) return [];
    return [`${key}: ${was ?? 'not there'} → ${is ?? 'not there'}`];
  });
}

/** Every fact that a reader of the log may need, as text. Never a credential: only whether there is one. */
function factsOf({ catalog, quotas, manualModel }: ConfigSnapshot): Map<string, string> {
  const facts = new Map<string, string>();
  const put = (name: string, values: Readonly<Record<string, unknown>>): void => {
    for (const [key, value] of Object.entries(values)) facts.set(`${name}.${key}`, textOf(value));
  };
  for (const lane of catalog.lanes.values()) put(`lane ${lane.id}`, laneFacts(lane));
  for (const [index, { pattern, lane, fallback, when }] of catalog.routes.entries())
    facts.set(`route ${index + 1}`, textOf({ pattern, lane, fallback, when }));
  for (const limit of quotas.limits)
    put(`quota ${limit.model}${limit.lane ? ` on ${limit.lane}` : ''}`, limitFacts(limit));
  put('feature', catalog.features);
  put('windows', { rolling_seconds: quotas.rollingSeconds, weekly_seconds: quotas.weeklySeconds });
  facts.set('manual model', manualModel ?? 'none');
  return facts;
}

function laneFacts(lane: Lane): Record<string, unknown> {
  return {
    base_url: lane.baseUrl,
    pass_through: lane.passThrough,
    header_mode: lane.headerMode,
    credential: lane.keyProblem ?? (lane.credential === null ? 'none' : 'set'),
    model_map: lane.modelMap,
    concurrency: lane.concurrency,
    overage: lane.overage,
    requires: lane.requires,
    timeouts: lane.timeouts,
    price: lane.price,
  };
}

function limitFacts(limit: ModelLimit): Record<string, unknown> {
  return {
    rolling_tokens: limit.rollingTokens,
    weekly: limit.weeklyValue === null ? null : `${limit.weeklyValue} ${limit.weeklyType}`,
    warn_pct: limit.warnPct,
    weights: limit.weights,
    anchor: limit.weeklyAnchor,
    reserve: limit.reserve,
  };
}

function textOf(value: unknown): string {
  return value === null || value === undefined ? 'none' : typeof value === 'string' ? value : JSON.stringify(value);
}
