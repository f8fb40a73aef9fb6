import { isSameState, toCccSnapshot } from './events/ccc-snapshot.ts';
import { keepTurns } from './events/keep-turns.ts';
import type { Observed, Recorded, Tracker } from './observation.ts';
import type { Outcome } from './problem.ts';
import { readingsOfUsage } from './rollups/meters/from-usage.ts';
import { toOverview } from './rollups/overview.ts';
import { readSamples } from './sources/shim/read-samples.ts';
import { readUsage } from './sources/shim/read-usage.ts';

/**
 * sources → events → rollups: reads the shim once and keeps what is new of its state, its meters and its turns; `every`
 * keeps the state also where it is the same.
 */
export async function record(tracker: Tracker, keep: 'every' | 'changed'): Promise<Outcome<Recorded>> {
  const { book, ccpUrl, clock } = tracker;
  const reading = await readUsage(ccpUrl, tracker);
  if (!reading.ok) return reading;
  const row = toCccSnapshot(reading.value);
  // Compared with the file, not with memory: so a restart or a second tracker adds no row that says nothing new.
  const newest = book.newest('ccc_snapshot', (kept) => kept.source_url === row.source_url);
  if (!newest.ok) return newest;
  const { row: previous, passedOver } = newest.value;
  const isNew = keep === 'every' || previous === null || !isSameState(previous.usage, row.usage);
  const appended = await book.appendMany(isNew ? [{ ...row, kind: 'ccc_snapshot' }] : []);
  if (!appended.ok) return appended;
  const meters = readingsOfUsage(reading.value.usage);
  const kept = await tracker.readings.keep(meters.readings);
  if (!kept.ok) return kept;
  const turns = await keepTurns(book, row.source_url ?? ccpUrl.href, (since, writtenAfter) =>
    readSamples(ccpUrl, since, tracker, writtenAfter),
  );
  if (!turns.ok) return turns;
  const notes = [
    ...reading.value.notes,
    ...passedOver,
    ...appended.value.notes,
    ...meters.problems,
    ...kept.value.notes,
    ...turns.value.notes,
    ...(turns.value.unread === null ? [] : [turns.value.unread]),
  ];
  const overview = toOverview(row, { state: 'live', nowTs: clock() });
  return { ok: true, value: { row, appended: isNew, previous, overview, turns: turns.value, notes } };
}

/** sources → rollups, or events → rollups while the shim does not answer: the newest reading kept, marked as stale. */
export async function observe(tracker: Tracker): Promise<Observed> {
  const reading = await readUsage(tracker.ccpUrl, tracker);
  if (reading.ok) return { state: 'live', snapshot: toCccSnapshot(reading.value), problems: reading.value.notes };
  const newest = tracker.book.newest('ccc_snapshot');
  if (!newest.ok) return { state: 'none', snapshot: null, problems: [reading.problem, newest.problem] };
  const { row, passedOver } = newest.value;
  return { state: row === null ? 'none' : 'stale', snapshot: row, problems: [reading.problem, ...passedOver] };
}
