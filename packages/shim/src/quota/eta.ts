import type { Weights } from '../config/catalog.ts';
import type { Tokens } from '../exchange.ts';
import { counted } from './counted.ts';
import type { Series } from './series.ts';
import type { WindowUse } from './verdict.ts';

export interface ClearQuestion {
  readonly series: readonly Series[];
  readonly weights: Weights;
  /** Counted tokens of what is in flight and of the request that asks. */
  readonly coming: number;
  /** Null: the week slides. */
  readonly weekStart: number | null;
  readonly weeklyS: number;
  readonly rolling: WindowUse;
  readonly weekly: WindowUse;
  readonly nowTs: number;
}

/**
 * Seconds until both windows have room again; a request too large for the cap by itself waits for an empty window.
 */
export function etaClear(question: ClearQuestion): number {
  const { rolling, weekly, weekStart, weeklyS, coming, nowTs, series } = question;
  const rollingWait = waitFor(question, rolling, () => series.map((one) => one.rollingBuckets(nowTs)));
  const weeklyWait =
    weekStart === null
      ? waitFor(question, weekly, () => series.map((one) => one.weeklyBuckets(nowTs)))
      : hasRoom(weekly, weekly.used, coming)
        ? 0
        : weekStart + weeklyS - nowTs;
  return Math.ceil(Math.max(0, rollingWait, weeklyWait));
}

type Leaving = Tokens & { readonly leavesTs: number };

/** Lets the oldest buckets leave, one after the other, until there is room. */
function waitFor(
  { weights, coming, nowTs }: ClearQuestion,
  use: WindowUse,
  buckets: () => Iterable<Leaving>[],
): number {
  let { used } = use;
  if (hasRoom(use, used, coming)) return 0;
  const leaving = buckets()
    .flatMap((some) => [...some])
    .toSorted((a, b) => a.leavesTs - b.leavesTs);
  for (const bucket of leaving) {
    used -= counted(bucket, weights);
    if (hasRoom(use, used, coming)) return bucket.leavesTs - nowTs;
  }
  return (leaving.at(-1)?.leavesTs ?? nowTs) - nowTs;
}

function hasRoom({ cap }: WindowUse, used: number, coming: number): boolean {
  return cap === null || (used < cap && used + Math.min(coming, cap) <= cap);
}
