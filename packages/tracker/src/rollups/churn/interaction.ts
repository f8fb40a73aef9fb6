import type { WindowRecord } from '@ccp/contracts';

/** A turn, as much of it as tells when a person was there. */
export interface InteractionTurn {
  readonly sessionId: string;
  /** When its answer ended, epoch seconds. */
  readonly ts: number;
  /** Null: not known; the answer then counts as instant. */
  readonly latencyMs: number | null;
  /** Agent within the session; empty: the one a person talks to. */
  readonly agent: string;
}

/** Minutes of a person per feature. */
export interface Interaction {
  readonly minutes: number;
  /** Null: no features. */
  readonly impf: number | null;
  /** How the minutes are known. An upper bound: time a tool ran between two requests is in them. */
  readonly source: 'prompt-gap';
}

/** A longer silence is no reading or typing any more. */
export const LONGEST_GAP_S = 300;

/**
 * IMPF: minutes of human interaction per feature, by the gaps between an answer and the next request of its session, each
 * capped at 5 minutes. Null: no session has two turns.
 */
export function interactionOf(turns: readonly InteractionTurn[], features: number | null): Interaction | null {
  const sessions = new Map<string, InteractionTurn[]>();
  for (const turn of turns) {
    if (turn.agent !== '' || turn.sessionId === '') continue;
    sessions.set(turn.sessionId, [...(sessions.get(turn.sessionId) ?? []), turn]);
  }
  let [seconds, gaps] = [0, 0];
  for (const own of sessions.values()) {
    const order = own.toSorted((a, b) => a.ts - b.ts);
    for (const [at, turn] of order.entries()) {
      const before = order[at - 1];
      if (before === undefined) continue;
      seconds += Math.min(LONGEST_GAP_S, Math.max(0, turn.ts - (turn.latencyMs ?? 0) / 1000 - before.ts));
      gaps += 1;
    }
  }
  if (gaps === 0) return null;
  const minutes = seconds / 60;
  return { minutes, impf: features === null || features <= 0 ? null : minutes / features, source: 'prompt-gap' };
}

/** The turns of a finished window: from its first reading to its last one, of any provider. */
export function turnsIn(
  { providers = {} }: WindowRecord,
  turns: readonly InteractionTurn[],
): readonly InteractionTurn[] {
  const times = (phase: 'before' | 'after'): number[] =>
    Object.values(providers)
      .map(({ captured_at: at }) => Date.parse(String((at as Readonly<Record<string, unknown>> | undefined)?.[phase])))
      .filter((ms) => !Number.isNaN(ms));
  const [from, to] = [Math.min(...times('before')) / 1000, Math.max(...times('after')) / 1000];
  return turns.filter(({ ts }) => ts > from && ts <= to);
}
