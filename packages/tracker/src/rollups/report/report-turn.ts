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

/** The shim saw the exchange itself. */
export const TOP_RANK = 3;

/** Of two records of one exchange the one nearer to the provider counts. */
const RANK: ReadonlyMap<string, number> = new Map([
  ['shim', TOP_RANK],
  ['backfill', 2],
  ['ccp-archive', 2],
  ['api', 1],
]);

/** How near to the provider a source is, from 0; one that is not named counts as told by a person. */
export function rankOf(source: string | undefined): number {
  return RANK.get(source ?? 'api') ?? 0;
}

/** What records of one exchange have in common; null: the row stands for itself. */
export function exchangeId({ turn, dedupe_key: key, event_id: eventId }: TrackerEvent): string | null {
  return turn?.request_id ?? key ?? eventId ?? null;
}

/**
 * Each exchange once: the shim, its log and the client's transcript all tell of the same one, by the provider's request
 * id. Rows without one stand for themselves by their key. Rows that are no turns are passed over.
 */
export function distinctEvents(events: Iterable<TrackerEvent>): readonly TrackerEvent[] {
  const kept = new Map<string | number, { readonly rank: number; readonly event: TrackerEvent }>();
  let nameless = 0;
  for (const event of events) {
    if (event.turn === undefined) continue;
    const id = exchangeId(event) ?? (nameless += 1);
    const rank = rankOf(event.source);
    const known = kept.get(id);
    if (known === undefined || rank > known.rank) kept.set(id, { rank, event });
  }
  return [...kept.values()].map(({ event }) => event);
}

/** The same, as much of each as reports need. */
export function distinctTurns(events: Iterable<TrackerEvent>): readonly ReportTurn[] {
  return distinctEvents(events).map(toReportTurn);
}

/** Throws for a row that is no turn. */
export function toReportTurn({ measurement, turn }: TrackerEvent): ReportTurn {
  if (turn === undefined) throw new TypeError('the row is no turn');
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
