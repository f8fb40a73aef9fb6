import type { CccSnapshot, EventCounts, LaneState } from '@ccp/contracts';
import { toQuotas } from './quotas.ts';
import type { QuotaStanding } from './quotas.ts';
import { toSpeeds } from './speeds.ts';
import type { ModelSpeeds } from './speeds.ts';
import { toTokens } from './tokens.ts';
import type { ModelTokens, TokenSums } from './tokens.ts';

/**
 * What one answer of the shim says, sorted and with units, ready to draw. `--json` prints it as it is, so its fields are
 * snake_case like those of every document. Null: not known; never zero in its place.
 */
export interface Overview {
  /** `live`: just read. `stale`: the shim did not answer, and this is the newest reading kept. */
  readonly state: 'live' | 'stale';
  readonly source_url: string | null;
  /** When the answer was received (ISO 8601). */
  readonly captured_at: string;
  /** Seconds since then. */
  readonly age_s: number;
  /** Id of the counter run. */
  readonly epoch: string | null;
  /** When the shim made the answer (epoch seconds). */
  readonly ts: number;
  /** Verdicts, the worst first; models without a cap are counted in `uncapped_models`. */
  readonly quotas: readonly QuotaStanding[];
  readonly uncapped_models: number;
  /** Tokens in the rolling window, the busiest model first. */
  readonly models: readonly ModelTokens[];
  readonly totals: TokenSums;
  readonly speeds: readonly ModelSpeeds[];
  /** In the order of the shim. */
  readonly lanes: readonly LaneStanding[];
  readonly events: readonly ModelEvents[];
}

export interface LaneStanding extends LaneState {
  readonly lane: string;
}

/** Counters of one model since the epoch began. A counter the shim does not give is absent. */
export interface ModelEvents extends EventCounts {
  readonly model: string;
  /** Whether the model rests on its preferred lane, and until when (epoch seconds). */
  readonly cooldown_active?: boolean;
  readonly cooldown_next_ts?: number | null;
}

export interface Seen {
  readonly state: Overview['state'];
  /** Epoch seconds. */
  readonly nowTs: number;
}

/** One snapshot as an overview. */
export function toOverview(snapshot: CccSnapshot, { state, nowTs }: Seen): Overview {
  const { usage } = snapshot;
  const { models, totals } = toTokens(usage);
  const byTraffic = models.map(({ model }) => model);
  const quotas = toQuotas(usage);
  return {
    state,
    source_url: snapshot.source_url ?? null,
    captured_at: snapshot.captured_at,
    age_s: Math.max(0, nowTs - Date.parse(snapshot.captured_at) / 1000),
    epoch: usage.epoch ?? null,
    ts: usage.ts,
    quotas,
    uncapped_models: models.length - quotas.length,
    models,
    totals,
    speeds: toSpeeds(usage, byTraffic),
    lanes: Object.entries(usage.lanes ?? {}).map(([lane, standing]) => ({ lane, ...standing })),
    events: toEvents(snapshot, byTraffic),
  };
}

function toEvents({ usage }: CccSnapshot, order: readonly string[]): readonly ModelEvents[] {
  return order.map((model) => {
    const { events, cooldown_active, cooldown_next_ts } = usage.models[model] ?? {};
    return {
      model,
      ...events,
      ...(cooldown_active !== undefined && { cooldown_active }),
      ...(cooldown_next_ts !== undefined && { cooldown_next_ts }),
    };
  });
}
