import type { Readyz } from '@ccp/contracts';

export interface Readiness {
  readonly ok: boolean;
  readonly reason: string;
  /** Null: not told. */
  readonly url: string | null;
}

/** Per lane id. Older shims list providers only, and call one of them by a shorter name. */
export function laneReadiness({ lanes, providers }: Readyz): ReadonlyMap<string, Readiness> {
  if (lanes !== undefined)
    return new Map(Object.entries(lanes).map(([id, lane]) => [id, { ...lane, url: lane.url ?? null }]));
  return new Map(
    Object.entries(providers).map(([id, { ok, error, status, url }]) => [
      id === 'anth' && !('anthropic' in providers) ? 'anthropic' : id,
      { ok, reason: ok ? 'ok' : (error ?? `status ${status}`), url: url ?? null },
    ]),
  );
}
