import type { CccSnapshot } from '@ccp/contracts';
import { isSameState, toCccSnapshot } from './events/ccc-snapshot.ts';
import type { Journal } from './events/journal.ts';
import type { Outcome, Problem } from './problem.ts';
import { toOverview } from './rollups/overview.ts';
import type { Overview } from './rollups/overview.ts';
import { readUsage } from './sources/shim/read-usage.ts';

/** What an observation needs from outside. */
export interface Tracker {
  readonly ccpUrl: URL;
  readonly journal: Journal<CccSnapshot>;
  /** Epoch seconds. */
  readonly clock: () => number;
  /** Ends a running read. */
  readonly signal?: AbortSignal;
}

/** A reading as it was, or would have been, kept. */
export interface Recorded {
  readonly row: CccSnapshot;
  /** False: it says the same as the newest row of this shim. */
  readonly appended: boolean;
  /** The newest row of this shim before; null: none. */
  readonly previous: CccSnapshot | null;
  readonly overview: Overview;
  readonly notes: readonly Problem[];
}

/** sources → events → rollups: reads the shim once and keeps the reading, always or only if it says something new. */
export async function record(tracker: Tracker, keep: 'every' | 'changed'): Promise<Outcome<Recorded>> {
  const reading = await readUsage(tracker.ccpUrl, tracker);
  if (!reading.ok) return reading;
  const row = toCccSnapshot(reading.value);
  // Compared with the file, not with memory: so a restart or a second tracker adds no row that says nothing new.
  const newest = await tracker.journal.newest((kept) => kept.source_url === row.source_url);
  if (!newest.ok) return newest;
  const { row: previous, passedOver } = newest.value;
  const overview = toOverview(row, { state: 'live', nowTs: tracker.clock() });
  const notes = [...reading.value.notes, ...passedOver];
  if (keep === 'changed' && previous !== null && isSameState(previous.usage, row.usage)) {
    return { ok: true, value: { row, appended: false, previous, overview, notes } };
  }
  const appended = await tracker.journal.append(row);
  if (!appended.ok) return appended;
  if (appended.value !== null) notes.push(appended.value);
  return { ok: true, value: { row, appended: true, previous, overview, notes } };
}

/** What can be shown now. */
export interface Observed {
  /** Null: the shim does not answer and no reading is kept. */
  readonly overview: Overview | null;
  /** Why it is stale or null, and what else is worth knowing. */
  readonly problems: readonly Problem[];
}

/** sources → rollups, or events → rollups while the shim does not answer: the newest reading kept, marked as stale. */
export async function observe(tracker: Tracker): Promise<Observed> {
  const reading = await readUsage(tracker.ccpUrl, tracker);
  if (reading.ok) {
    const overview = toOverview(toCccSnapshot(reading.value), { state: 'live', nowTs: tracker.clock() });
    return { overview, problems: reading.value.notes };
  }
  const newest = await tracker.journal.newest();
  if (!newest.ok) return { overview: null, problems: [reading.problem, newest.problem] };
  const { row, passedOver } = newest.value;
  const overview = row === null ? null : toOverview(row, { state: 'stale', nowTs: tracker.clock() });
  return { overview, problems: [reading.problem, ...passedOver] };
}
