import type { TrackerEvent } from '@ccp/contracts';
import { exchangeId } from '../report/report-turn.ts';

/** What a summary takes of a turn. */
export interface TurnFacts {
  /** Shared by every record of one exchange; null: it stands for itself. */
  readonly id: string | null;
  /** Undefined: not said. */
  readonly source: string | undefined;
  readonly sessionId: string;
  readonly model: string;
  /** Epoch seconds; null: not said. */
  readonly ts: number | null;
  readonly input: number;
  readonly output: number;
  /** Both kinds together. */
  readonly cacheWrite: number;
  readonly cacheWrite1h: number;
  readonly cacheRead: number;
  /** Share per model; null: the whole turn is its model's. */
  readonly attribution: Readonly<Record<string, number>> | null;
  /** What was measured of it; null: nothing, as of nearly every turn. */
  readonly measured: Measured | null;
}

/** Null: not measured. */
export interface Measured {
  readonly features: number | null;
  readonly cls: number | null;
  readonly impf: number | null;
  readonly churnScore: number | null;
  readonly capacity: number | null;
  /** Unit of `capacity`; empty: not said. */
  readonly capacityUnit: string;
}

/** Null: the row is no turn. */
export function factsOf(event: TrackerEvent): TurnFacts | null {
  const { turn, measurement } = event;
  if (turn === undefined) return null;
  const measured = {
    features: measurement?.feature_delta ?? null,
    cls: measurement?.cls ?? null,
    impf: measurement?.impf ?? null,
    churnScore: measurement?.churn_score ?? null,
    capacity: turn.capacity_used ?? null,
    capacityUnit: turn.capacity_unit ?? '',
  };
  const isMeasured = measurement !== undefined || measured.capacity !== null;
  return {
    id: exchangeId(event),
    source: event.source,
    sessionId: turn.session_id,
    model: turn.model,
    ts: turn.ts ?? null,
    input: turn.tokens_in,
    output: turn.tokens_out,
    cacheWrite: turn.cache_write_tokens ?? 0,
    cacheWrite1h: turn.cache_write_1h_tokens ?? 0,
    cacheRead: turn.cache_read_tokens ?? 0,
    attribution: turn.attribution ?? {},
    measured: isMeasured ? measured : null,
  };
}
