import type { Snapshot } from '@ccp/contracts';
import { byTime, groupBy, newestBy, timeMs } from './newest.ts';

/** The readings of one provider around a window. */
export interface Ends {
  readonly provider: string;
  /** The newest of its phase; null: none. */
  readonly before: Snapshot | null;
  readonly after: Snapshot | null;
  /** More than one reading claims to be the beginning: the first of them, else null. */
  readonly firstBefore: Snapshot | null;
}

/** Per provider, in the order of their names, the newest reading of each phase; at the same time the later row. */
export function endsOf(snapshots: readonly Snapshot[]): readonly Ends[] {
  return [...groupBy(snapshots, ({ provider }) => provider)]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([provider, rows]) => {
      const ofPhase = (phase: string): Snapshot | null =>
        newestBy(
          rows.filter((row) => row.phase === phase),
          timeOf,
        );
      const before = ofPhase('before');
      return { provider, before, after: ofPhase('after'), firstBefore: before === null ? null : earlier(rows, before) };
    });
}

/** A BEFORE that is not the same reading again; a copy of a row changes nothing. */
function earlier(rows: readonly Snapshot[], before: Snapshot): Snapshot | null {
  const [first] = byTime(
    rows.filter((row) => row.phase === 'before' && !isCopy(row, before)),
    timeOf,
  );
  return first ?? null;
}

function isCopy(a: Snapshot, b: Snapshot): boolean {
  return timeMs(a.captured_at) === timeMs(b.captured_at) && JSON.stringify(a.parsed) === JSON.stringify(b.parsed);
}

function timeOf({ captured_at: at }: Snapshot): string {
  return at;
}
