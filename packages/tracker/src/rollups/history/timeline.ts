import type { Mark, MarkKind, MarkRun, Range, Timeline } from './history.ts';
import type { PastTurn } from './past-turn.ts';
import type { Reasons } from './reasons.ts';

const MOST = 200;
const MOST_RUNS = 60;
/** The attempt on another lane came after a failure; every other unusual decision was made before the first attempt. */
const AFTER_FAILURE = new Set(['fallback', 'net_fallback', 'quota_overshoot']);

/** Marks of the range, newest first, and how many of each kind there are. */
export function timelineOf(
  turns: readonly PastTurn[],
  { since_ts: since, until_ts: until }: Range,
  { provider, reasons }: { readonly provider: string | null; readonly reasons: Reasons },
): Timeline {
  const kinds: Record<MarkKind, number> = { fallback: 0, reroute: 0, refused: 0, cut: 0 };
  const marks = turns
    .filter((turn) => turn.ts >= since && turn.ts < until && (provider === null || turn.provider === provider))
    .map((turn): Mark => {
      const kind = kindOf(turn);
      kinds[kind] += 1;
      const { ts, model, lane, decision, status, ended, rid } = turn;
      const why = reasons.of(rid);
      const { reason, from_lane: from } = why ?? { reason: null, from_lane: null };
      return { ts, kind, model, lane, from_lane: from, decision, reason, status, ended, rid };
    });
  const newest = marks.toReversed();
  return { marks: newest.slice(0, MOST), runs: runsOf(newest), kinds };
}

/** A reroute that goes on for minutes is one line, not one per turn. `marks` are newest first. */
function runsOf(marks: readonly Mark[]): readonly MarkRun[] {
  const runs: MarkRun[] = [];
  for (const mark of marks) {
    const last = runs.at(-1);
    if (last !== undefined && isAlike(last, mark))
      runs[runs.length - 1] = { ...last, count: last.count + 1, first_ts: mark.ts };
    else if (runs.length === MOST_RUNS) break;
    else runs.push({ ...mark, count: 1, first_ts: mark.ts });
  }
  return runs;
}

/** The share of a quota that a reason names moves from turn to turn. */
function isAlike(a: Mark, b: Mark): boolean {
  const words = ({ reason }: Mark): string => (reason ?? '').replace(/\d+ %/, '');
  return (
    a.kind === b.kind &&
    a.model === b.model &&
    a.lane === b.lane &&
    a.decision === b.decision &&
    a.status === b.status &&
    words(a) === words(b)
  );
}

function kindOf({ decision, status, ended }: PastTurn): MarkKind {
  if (status !== null && status >= 400) return 'refused';
  if (ended !== null && ended !== 'complete') return 'cut';
  return decision !== null && AFTER_FAILURE.has(decision) ? 'fallback' : 'reroute';
}
