import type { UsageEvent } from '@ccp/contracts';

/** Why turns went where they went. */
export interface Reasons {
  readonly add: (event: UsageEvent) => void;
  of(rid: string | null): Reason | null;
}

export interface Reason {
  readonly reason: string | null;
  readonly from_lane: string | null;
}

/** Turns whose reason is kept. */
const MOST = 2_000;

export function openReasons(): Reasons {
  const byRid = new Map<string, Reason>();
  return {
    add: ({ event, rid, decision_reason: reason, fallback_from: from, err_type: error }) => {
      if (event === 'decision') return;
      const words = [reason, error === '' ? undefined : error].filter((word) => word !== undefined && word !== '');
      byRid.delete(rid);
      byRid.set(rid, { reason: words.length === 0 ? null : words.join(' · '), from_lane: from ?? null });
      // The oldest goes.
      if (byRid.size > MOST) for (const oldest of byRid.keys()) return void byRid.delete(oldest);
    },
    of: (rid) => (rid === null ? null : (byRid.get(rid) ?? null)),
  };
}
