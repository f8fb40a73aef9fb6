import type { TrackerEvent } from '@ccp/contracts';

/** As much of a turn as reports need. */
export interface ReportTurn {
  /** Epoch seconds; null: the row does not say when. */
  readonly ts: number | null;
  readonly sessionId: string;
  readonly model: string;
  readonly input: number;
  readonly output: number;
  readonly cacheWrite: number;
  readonly cacheWrite1h: number;
  readonly cacheRead: number;
  /** Features it added; null: not said. */
  readonly features: number | null;
}

/** Of two records of one exchange the one nearer to the provider counts. */
const RANK: Readonly<Record<string, number>> = { shim: 3, backfill: 2, 'ccp-archive': 2, api: 1 };

/**
 * Each exchange once: the shim, its log and the client's transcript all tell of the same one, by the provider's request
 * id. Rows without one stand for themselves by their key.
 */
export function distinctTurns(events: Iterable<TrackerEvent>): readonly ReportTurn[] {
  const kept = new Map<string, { readonly rank: number; readonly turn: ReportTurn }>();
  let nameless = 0;
  for (const event of events) {
    if (event.turn === undefined) continue;
    const id = event.turn.request_id ?? event.dedupe_key ?? event.event_id ?? `row:${(nameless += 1)}`;
    const rank = RANK[event.source ?? 'api'] ?? 0;
    const known = kept.get(id);
    if (known === undefined || rank > known.rank) kept.set(id, { rank, turn: toReportTurn(event, event.turn) });
  }
  return [...kept.values()].map(({ turn }) => turn);
}

function toReportTurn({ measurement }: TrackerEvent, turn: NonNullable<TrackerEvent['turn']>): ReportTurn {
  return {
    ts: turn.ts ?? null,
    sessionId: turn.session_id,
    model: turn.model,
    input: turn.tokens_in,
    output: turn.tokens_out,
    cacheWrite: turn.cache_write_tokens ?? 0,
    cacheWrite1h: turn.cache_write_1h_tokens ?? 0,
    cacheRead: turn.cache_read_tokens ?? 0,
    features: measurement?.feature_delta ?? null,
  };
}
