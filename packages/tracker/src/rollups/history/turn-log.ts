import { TOP_RANK } from '../report/report-turn.ts';
import { openGrid } from './grid.ts';
import type { Grid } from './grid.ts';
import type { PastTurn } from './past-turn.ts';
import { openSettled } from './settled.ts';
import { zoneOffset } from './zone-offset.ts';

const DAY_S = 86_400;
/** Turns older than that are in no chart. */
export const HORIZON_S = 36 * DAY_S;

/** Span lengths and for how long each is kept; the finest first. */
export const STEPS = [
  { stepS: 60, keepS: 8 * 3600 },
  { stepS: 300, keepS: 2 * DAY_S },
  { stepS: 1800, keepS: 9 * DAY_S },
  { stepS: 7200, keepS: HORIZON_S },
] as const;

/** Turns that are worth a mark in the timeline, kept at most. */
const MOST_MARKS = 400;

/** Every exchange once, in sums of several lengths. A turn is added in constant time, and nothing is read again. */
export interface TurnLog {
  readonly grids: readonly Grid[];
  /** Sums per hour of the local day; its times are wall-clock times as if they were UTC. */
  readonly hours: Grid;
  /** Turns that took another way than the preferred one, or failed; the oldest first. */
  marks(): readonly PastTurn[];
  /** `isKept`: a journal holds it. False: it changed nothing. */
  readonly add: (turn: PastTurn, isKept: boolean) => boolean;
  /** Exchanges held, and the newest end of one (epoch seconds). */
  state(): { readonly turns: number; readonly unkept: number; readonly newestTs: number | null };
  /** Providers a turn went to. */
  providers(): readonly string[];
  prune(nowTs: number): void;
  clear(): void;
}

interface Held {
  readonly turn: PastTurn;
  readonly isKept: boolean;
}

export function openTurnLog(tz: string): TurnLog {
  const offset = zoneOffset(tz);
  const hours = openGrid({ stepS: 3600, keepS: HORIZON_S }, (ts) => ts + offset(ts));
  const grids = STEPS.map((step) => openGrid(step));
  // Turns that another record may still replace; of the others, soon nearly all, only that they were counted is known.
  const held = new Map<string, Held>();
  const settled = openSettled(HORIZON_S);
  let marks: PastTurn[] = [];
  const providers = new Set<string>();
  let unkept = 0;
  let newestTs: number | null = null;
  let horizonTs = -Infinity;
  const count = ({ turn, isKept }: Held, by: 1 | -1): void => {
    for (const grid of [...grids, hours]) grid.add(turn, { by, isKept });
    if (!isKept) unkept += by;
    if (!isMark(turn)) return;
    if (by === -1) marks = marks.filter(({ id }) => id !== turn.id);
    else marks.push(turn);
    if (marks.length > 2 * MOST_MARKS) marks = marks.toSorted(byTime).slice(-MOST_MARKS);
  };
  return {
    grids,
    hours,
    marks: () => marks.toSorted(byTime).slice(-MOST_MARKS),
    add: (turn, isKept) => {
      if (turn.ts < horizonTs || settled.has(turn.id)) return false;
      const known = held.get(turn.id);
      if (known !== undefined) {
        const isBetter = turn.rank > known.turn.rank;
        if (!isBetter && (known.isKept || !isKept)) return false;
        count(known, -1);
      }
      // Once a journal holds it, it stays kept, whoever tells of it next.
      const next = { turn, isKept: isKept || known?.isKept === true };
      if (next.isKept && turn.rank === TOP_RANK) {
        settled.add(turn.id, turn.ts);
        held.delete(turn.id);
      } else held.set(turn.id, next);
      count(next, 1);
      providers.add(turn.provider);
      newestTs = Math.max(newestTs ?? turn.ts, turn.ts);
      return true;
    },
    state: () => ({ turns: held.size + settled.size(), unkept, newestTs }),
    providers: () => [...providers],
    prune: (nowTs) => {
      horizonTs = nowTs - HORIZON_S;
      for (const grid of [...grids, hours]) grid.prune(nowTs);
      settled.prune(horizonTs);
      for (const [id, { turn, isKept }] of held) {
        if (turn.ts >= horizonTs) continue;
        held.delete(id);
        if (!isKept) unkept -= 1;
      }
    },
    clear: () => {
      for (const grid of [...grids, hours]) grid.clear();
      held.clear();
      settled.clear();
      providers.clear();
      marks = [];
      unkept = 0;
      newestTs = null;
    },
  };
}

/** Decisions that mean the preferred lane served the turn as usual. */
const USUAL = new Set([
  '',
  'pass_through',
  'forced_model',
  'manual_override',
  'preferred',
  'quota_pass',
  'quota_preemptive_pass',
  'quota_run_to_limit',
  'quota_warn_attempt',
]);

function isMark({ decision, ended, status }: PastTurn): boolean {
  const isUsual = decision === null || USUAL.has(decision);
  return !isUsual || (ended !== null && ended !== 'complete') || (status !== null && status >= 400);
}

/** Turns of one moment by their ids: in which order they were told must not show. */
function byTime(a: PastTurn, b: PastTurn): number {
  return a.ts - b.ts || (a.id < b.id ? -1 : 1);
}
