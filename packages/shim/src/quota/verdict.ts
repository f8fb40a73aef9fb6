import type { ModelLimit, Weights } from '../config/catalog.ts';
import type { Tokens } from '../exchange.ts';
import type { Series } from './ledger.ts';

export interface WindowUse {
  /** Counted tokens: types weighted as the limit says. */
  readonly used: number;
  /** Null: no cap. */
  readonly cap: number | null;
  /** used / cap as a fraction; 0 without a cap. */
  readonly pct: number;
}

export interface Verdict {
  readonly verdict: 'allow' | 'warn' | 'block';
  readonly reason: 'none' | 'rolling' | 'weekly';
  readonly rolling: WindowUse;
  readonly weekly: WindowUse;
  /** Seconds until the oldest counted request leaves the rolling window. */
  readonly etaRollingSec: number;
  /** Seconds until the verdict stops being block; 0 when it is not. */
  readonly etaClearSec: number;
}

export interface VerdictQuestion {
  /** Null: nothing is capped, everything is counted with the default weights. */
  readonly limit: ModelLimit | null;
  /** Every series the limit counts. */
  readonly series: readonly Series[];
  /** What other requests, let in and not yet settled, are expected to need. */
  readonly pending: Tokens;
  /** What the asking request is expected to need. */
  readonly own: Tokens;
  readonly rollingS: number;
  readonly weeklyS: number;
  readonly nowTs: number;
}

export const DEFAULT_WEIGHTS: Weights = { input: 1, output: 1, cacheWrite: 1, cacheRead: 0 };

/** Tokens as a limit counts them. */
export function counted(tokens: Tokens, weights: Weights): number {
  return (
    tokens.input * weights.input +
    tokens.output * weights.output +
    tokens.cacheWrite * weights.cacheWrite +
    tokens.cacheRead * weights.cacheRead
  );
}

/**
 * allow, warn or block. Tokens only: a weekly limit in hours is shown and never blocks.
 * Blocked when what was used has reached a cap, or when what is pending would pass it. A request that is expected to
 * need more than the whole cap goes alone, into an empty window: it could never go otherwise.
 */
export function judgeQuota(question: VerdictQuestion): Verdict {
  const { limit, series, nowTs } = question;
  const weights = limit?.weights ?? DEFAULT_WEIGHTS;
  const weekStart = weekStartTs(limit, question.weeklyS, nowTs);
  const inHours = limit?.weeklyType === 'hours';
  let rollingUsed = 0;
  let weeklyUsed = 0;
  let weeklyS = 0;
  let oldest = Infinity;
  for (const one of series) {
    const lately = one.rolling(nowTs);
    rollingUsed += counted(lately, weights);
    oldest = Math.min(oldest, lately.oldestTs ?? Infinity);
    const week = weekStart === null ? one.weekly(nowTs) : one.since(weekStart);
    weeklyUsed += counted(week, weights);
    weeklyS += week.dirtyS;
  }
  const weeklyHours = weeklyS / 3600;

  const rolling = windowUse(rollingUsed, limit?.rollingTokens ?? null);
  const weekly = inHours
    ? { used: weeklyUsed, cap: null, pct: limit.weeklyValue === null ? 0 : weeklyHours / limit.weeklyValue }
    : windowUse(weeklyUsed, limit?.weeklyValue ?? null);

  const others = counted(question.pending, weights);
  const pending = others + counted(question.own, weights);
  const over = (use: WindowUse): boolean =>
    use.cap !== null && (use.used >= use.cap || (use.used + others > 0 && use.used + pending > use.cap));
  const warned = (use: WindowUse): boolean =>
    limit !== null && limit.warnPct !== null && use.cap !== null && use.pct >= limit.warnPct;
  const blockedBy = over(rolling) ? 'rolling' : over(weekly) ? 'weekly' : 'none';
  const warnedBy = warned(rolling) ? 'rolling' : warned(weekly) ? 'weekly' : 'none';
  return {
    verdict: blockedBy !== 'none' ? 'block' : warnedBy !== 'none' ? 'warn' : 'allow',
    reason: blockedBy !== 'none' ? blockedBy : warnedBy,
    rolling,
    weekly,
    etaRollingSec: Number.isFinite(oldest) ? Math.floor(Math.max(0, oldest + question.rollingS - nowTs)) : 0,
    etaClearSec: blockedBy === 'none' ? 0 : etaClear({ ...question, weights, pending, weekStart, rolling, weekly }),
  };
}

interface ClearQuestion extends Omit<VerdictQuestion, 'pending' | 'own'> {
  readonly weights: Weights;
  readonly pending: number;
  readonly weekStart: number | null;
  readonly rolling: WindowUse;
  readonly weekly: WindowUse;
}

/** Both windows must have room again; a request too large for the cap by itself waits for an empty window. */
function etaClear(question: ClearQuestion): number {
  const { series, nowTs, weights, pending } = question;
  const waitFor = (use: WindowUse, buckets: (one: Series) => Iterable<Tokens & { leavesTs: number }>): number => {
    if (use.cap === null) return 0;
    let used = use.used;
    const fits = (): boolean =>
      used < (use.cap ?? Infinity) && used + Math.min(pending, use.cap ?? Infinity) <= (use.cap ?? Infinity);
    if (fits()) return 0;
    const leaving = series.flatMap((one) => [...buckets(one)]).toSorted((a, b) => a.leavesTs - b.leavesTs);
    for (const bucket of leaving) {
      used -= counted(bucket, weights);
      if (fits()) return bucket.leavesTs - nowTs;
    }
    return leaving.at(-1) === undefined ? 0 : (leaving.at(-1)?.leavesTs ?? nowTs) - nowTs;
  };
  const rolling = waitFor(question.rolling, (one) => one.rollingBuckets(nowTs));
  const weekly =
    question.weekStart === null
      ? waitFor(question.weekly, (one) => one.weeklyBuckets(nowTs))
      : isFull(question.weekly, pending)
        ? question.weekStart + question.weeklyS - nowTs
        : 0;
  return Math.ceil(Math.max(0, rolling, weekly));
}

function isFull({ used, cap }: WindowUse, pending: number): boolean {
  return cap !== null && (used >= cap || used + Math.min(pending, cap) > cap);
}

function windowUse(used: number, cap: number | null): WindowUse {
  return { used, cap, pct: cap === null ? 0 : used / cap };
}

/** Start of the current week when the vendor's reset is known; null when the week slides. */
function weekStartTs(limit: ModelLimit | null, weeklyS: number, nowTs: number): number | null {
  if (limit === null || limit.weeklyAnchorTs === null) return null;
  return limit.weeklyAnchorTs + Math.floor((nowTs - limit.weeklyAnchorTs) / weeklyS) * weeklyS;
}
