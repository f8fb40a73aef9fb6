import type { ModelLimit } from '../config/catalog.ts';
import type { Tokens } from '../exchange.ts';
import { counted, DEFAULT_WEIGHTS } from './counted.ts';
import { etaClear } from './eta.ts';
import type { Series } from './series.ts';

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
  readonly reason: 'none' | 'rolling' | 'weekly' | 'overage';
  readonly rolling: WindowUse;
  readonly weekly: WindowUse;
  /** Which windows are at their warning, to be handed back with the next question. */
  readonly warned: Warned;
  /** Counted tokens set aside for other requests, and for this one. */
  readonly pending: number;
  readonly need: number;
  /** Seconds until the oldest counted request leaves the rolling window. */
  readonly etaRollingSec: number;
  /** Seconds until the week starts anew, or until its oldest request leaves where it slides. */
  readonly etaWeeklySec: number;
  /** Seconds until the verdict stops being block; 0 when it is not. */
  readonly etaClearSec: number;
  readonly weeklyAnchored: boolean;
}

export interface Warned {
  readonly rolling: boolean;
  readonly weekly: boolean;
}

export interface VerdictQuestion {
  /** Null: nothing is capped, everything is counted with the default weights. */
  readonly limit: ModelLimit | null;
  /** Share of a cap at which to warn; null: never. */
  readonly warnPct: number | null;
  /** The answer before this one: a warning ends a little below where it began. */
  readonly warned: Warned;
  /** Every series the limit counts. */
  readonly series: readonly Series[];
  /** What other requests, let in and not yet settled, are expected to need. */
  readonly pending: Tokens;
  /** What the asking request is expected to need. */
  readonly own: Tokens;
  readonly rollingS: number;
  readonly weeklyS: number;
  /** Epoch seconds of any known reset of the week; null: it slides. */
  readonly weekResetTs: number | null;
  readonly nowTs: number;
}

/** A warning ends this far below its threshold, so that one request leaving the window does not switch it off and on. */
const HYSTERESIS = 0.05;

/**
 * allow, warn or block. Tokens only: a weekly limit in hours is shown and never blocks.
 * Blocked when what was used has reached a cap, or when what is pending would pass it. A request that is expected to
 * need more than the whole cap goes alone, into an empty window: it could never go otherwise.
 */
export function judgeQuota(question: VerdictQuestion): Verdict {
  const { limit, series, nowTs, rollingS, weeklyS } = question;
  const weights = limit?.weights ?? DEFAULT_WEIGHTS;
  const weekStart = weekStartTs(question.weekResetTs, weeklyS, nowTs);
  let rollingUsed = 0;
  let weeklyUsed = 0;
  let weeklyDirtyS = 0;
  let oldest = Infinity;
  let oldestOfWeek = Infinity;
  for (const one of series) {
    const lately = one.rolling(nowTs);
    rollingUsed += counted(lately, weights);
    oldest = Math.min(oldest, lately.oldestTs ?? Infinity);
    const week = weekStart === null ? one.weekly(nowTs) : one.since(weekStart, nowTs);
    weeklyUsed += counted(week, weights);
    weeklyDirtyS += week.dirtyS;
    oldestOfWeek = Math.min(oldestOfWeek, week.oldestTs ?? Infinity);
  }
  const rolling = windowUse(rollingUsed, limit?.rollingTokens ?? null);
  const weekly =
    limit?.weeklyType === 'hours'
      ? { used: weeklyUsed, cap: null, pct: hoursPct(weeklyDirtyS, limit.weeklyValue) }
      : windowUse(weeklyUsed, limit?.weeklyValue ?? null);

  const pending = counted(question.pending, weights);
  const need = counted(question.own, weights);
  const over = (use: WindowUse): boolean =>
    use.cap !== null && (use.used >= use.cap || (use.used + pending > 0 && use.used + pending + need > use.cap));
  const blockedBy = over(rolling) ? 'rolling' : over(weekly) ? 'weekly' : 'none';
  const warned = warnedNow(rolling, weekly, question);
  const warnedBy = warned.rolling ? 'rolling' : warned.weekly ? 'weekly' : 'none';
  return {
    verdict: blockedBy !== 'none' ? 'block' : warnedBy !== 'none' ? 'warn' : 'allow',
    reason: blockedBy !== 'none' ? blockedBy : warnedBy,
    rolling,
    weekly,
    warned,
    pending,
    need,
    etaRollingSec: secondsUntil(oldest + rollingS, nowTs),
    etaWeeklySec: secondsUntil((weekStart ?? oldestOfWeek) + weeklyS, nowTs),
    etaClearSec:
      blockedBy === 'none' ? 0 : etaClear({ ...question, weights, coming: pending + need, weekStart, rolling, weekly }),
    weeklyAnchored: weekStart !== null,
  };
}

/** The same object as before where nothing has changed. */
function warnedNow(rolling: WindowUse, weekly: WindowUse, { warnPct, warned: before }: VerdictQuestion): Warned {
  const now = {
    rolling: isWarned(rolling, warnPct, before.rolling),
    weekly: isWarned(weekly, warnPct, before.weekly),
  };
  return now.rolling === before.rolling && now.weekly === before.weekly ? before : now;
}

function isWarned({ cap, pct }: WindowUse, warnPct: number | null, before: boolean): boolean {
  if (cap === null || warnPct === null) return false;
  return pct >= (before ? Math.max(warnPct - HYSTERESIS, warnPct / 2) : warnPct);
}

function windowUse(used: number, cap: number | null): WindowUse {
  return { used, cap, pct: cap === null ? 0 : used / cap };
}

function hoursPct(seconds: number, hours: number | null): number {
  return hours === null ? 0 : seconds / 3600 / hours;
}

function secondsUntil(ts: number, nowTs: number): number {
  return Number.isFinite(ts) ? Math.floor(Math.max(0, ts - nowTs)) : 0;
}

/** Start of the current week when any of its resets is known; null when the week slides. */
function weekStartTs(resetTs: number | null, weeklyS: number, nowTs: number): number | null {
  return resetTs === null ? null : resetTs + Math.floor((nowTs - resetTs) / weeklyS) * weeklyS;
}
