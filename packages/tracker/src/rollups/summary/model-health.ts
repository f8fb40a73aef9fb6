import type { LicenseState, MetricsSummary, ModelHealth, Usage } from '@ccp/contracts';

/** How each model is served, as the newest answer of the shim tells it, under the names summaries have always had. */
export function modelHealth({ models }: Usage): Record<string, ModelHealth> {
  return Object.fromEntries(
    Object.entries(models).map(([name, model]) => [
      name,
      known({
        reqs: model.reqs,
        speeds: { ...model.speeds },
        reroute_mode: model.reroute_mode,
        warn_pct_auto: model.warn_pct_auto,
        warn_pct_confidence: model.warn_pct_confidence,
        warn_pct_cfg: model.warn_pct?.cfg,
        gap_seconds_p50: model.gap_seconds_p50,
        gap_seconds_p95: model.gap_seconds_p95,
        gap_samples: model.gap_samples,
      }),
    ]),
  );
}

/** Reroutes, lanes that are not usable and the license, as far as the shim tells; never the license itself. */
export function routingOf({
  models,
  lanes,
  license,
}: Usage): Pick<MetricsSummary, 'reroutes' | 'gated_lanes' | 'license'> {
  const events = Object.values(models).flatMap(({ events: counts }) => counts ?? []);
  const sum = (key: 'fallbacks' | 'reroutes' | 'rate_limited'): number =>
    events.reduce((total, counts) => total + (counts[key] ?? 0), 0);
  const gated = Object.entries(lanes ?? {}).filter(([, lane]) => !lane.usable);
  return {
    reroutes:
      events.length === 0
        ? null
        : { fallbacks: sum('fallbacks'), reroutes: sum('reroutes'), rate_limited: sum('rate_limited') },
    gated_lanes: Object.fromEntries(gated.map(([id, { reason }]) => [id, reason])),
    license: license === undefined ? null : licenseOf(license),
  };
}

function licenseOf({ ok, plan, features, expires_at, key_id }: LicenseState): NonNullable<MetricsSummary['license']> {
  return known({ ok, plan, features, expires_at, key_id });
}

/** Without what is not told: absent is absent. */
function known<T extends object>(fields: T): { [Key in keyof T]: Exclude<T[Key], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [Key in keyof T]: Exclude<T[Key], undefined>;
  };
}
