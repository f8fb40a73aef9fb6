import type { ModelUsage, Usage } from '@ccp/contracts';

/** Where a model with at least one cap stands. */
export interface QuotaStanding {
  readonly model: string;
  /** Null: an older shim without a quota for the model names none. */
  readonly provider: string | null;
  readonly verdict: 'ok' | 'warn' | 'block';
  /** Window the verdict comes from; null: none, or not said. */
  readonly reason: string | null;
  /** Fraction of the cap at which the verdict becomes warn: the calibrated one, else the configured one. */
  readonly warn_at_pct: number | null;
  readonly rolling: WindowStanding;
  readonly weekly: WindowStanding;
  /** What time changes next: a block `clears`, or the oldest request leaves the rolling window and it `eases`. */
  readonly next: { readonly change: 'clears' | 'eases'; readonly at_ts: number } | null;
}

export interface WindowStanding {
  /** Counted tokens as a fraction of the cap; null: no cap. */
  readonly pct: number | null;
  /** Tokens counted against the cap, weights applied. */
  readonly used_tokens: number | null;
  /** Null: no cap, a cap in hours, or an older shim that does not say. */
  readonly cap_tokens: number | null;
}

/** Models with a cap, the worst first. */
export function toQuotas({ models, ts }: Usage): readonly QuotaStanding[] {
  return Object.entries(models)
    .map(([model, usage]) => toStanding(model, usage, ts))
    .filter(({ rolling, weekly }) => rolling.pct !== null || weekly.pct !== null)
    .toSorted(worstFirst);
}

function toStanding(model: string, usage: ModelUsage, ts: number): QuotaStanding {
  const { flags, rolling_capacity_tokens: rollingCap, weekly_capacity_tokens: weeklyCap } = usage;
  const block = usage.block || flags?.block === true;
  const warn = usage.warn || flags?.warn === true;
  const reason = flags?.reason;
  return {
    model,
    provider: usage.provider ?? null,
    verdict: block ? 'block' : warn ? 'warn' : 'ok',
    reason: reason === undefined || reason === 'none' || reason === '' ? null : reason,
    warn_at_pct: usage.warn_pct?.auto ?? usage.warn_pct_auto ?? usage.warn_pct?.cfg ?? null,
    // Older shims give no counted tokens; theirs count fresh input and output alike.
    rolling: toWindow(usage.rolling_pct, usage.rolling_tokens ?? usage.rolling_in + usage.rolling_out, rollingCap),
    weekly: toWindow(usage.weekly_pct, usage.weekly_tokens ?? null, weeklyCap),
    next: toNext(usage, block, ts),
  };
}

/** A fraction above zero needs a cap, even if the cap is not said: an hours cap, or an older shim. */
function toWindow(pct: number, used: number | null, cap: number | null | undefined): WindowStanding {
  const capTokens = cap === undefined || cap === null || cap === 0 ? null : cap;
  return { pct: capTokens !== null || pct > 0 ? pct : null, used_tokens: used, cap_tokens: capTokens };
}

function toNext(usage: ModelUsage, block: boolean, ts: number): QuotaStanding['next'] {
  const clear = usage.eta_clear_sec ?? 0;
  if (block && clear > 0) return { change: 'clears', at_ts: ts + clear };
  const ease = usage.eta_rolling_sec ?? 0;
  return ease > 0 && usage.reqs > 0 ? { change: 'eases', at_ts: ts + ease } : null;
}

const RANK = { block: 0, warn: 1, ok: 2 } as const;

function worstFirst(a: QuotaStanding, b: QuotaStanding): number {
  return RANK[a.verdict] - RANK[b.verdict] || fullest(b) - fullest(a) || (a.model < b.model ? -1 : 1);
}

function fullest({ rolling, weekly }: QuotaStanding): number {
  return Math.max(rolling.pct ?? 0, weekly.pct ?? 0);
}
