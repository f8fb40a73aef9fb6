import type { Anomaly, Snapshot, WindowProvider } from '@ccp/contracts';
import type { Problem } from '../../problem.ts';
import { barCapacity } from './capacity.ts';
import { deltasOf } from './delta.ts';
import type { FieldDelta } from './delta.ts';
import type { Ends } from './ends.ts';
import type { WindowFlags } from './finalize.ts';
import { timeMs } from './newest.ts';

/** What one provider contributes to the row of a window. */
export interface ProviderWindow {
  readonly provider: string;
  readonly entry: WindowProvider;
  readonly anomalies: readonly Anomaly[];
  readonly problems: readonly Problem[];
}

interface Around {
  readonly window: string;
  readonly flags: WindowFlags;
  readonly nowAt: string;
}

/** Deltas, capacity and oddities of a provider whose two ends are there. */
export function finalizeProvider(ends: Ends, { window, flags, nowAt }: Around): ProviderWindow {
  const { provider, before, after, firstBefore } = ends;
  if (before === null || after === null) throw new Error(`${provider} lacks an end of ${window}`);
  const deltas = deltasOf(provider, endOf(before), endOf(after));
  const capacity = barCapacity(provider, deltas);
  const odd: Odd[] = [
    ...deltas.flatMap((delta) => oddDelta(delta)),
    ...(firstBefore === null ? [] : [duplicateBefore(firstBefore, before)]),
    ...lateAfter(after, flags),
  ];
  const base = { kind: 'anomaly', window, provider, captured_at: nowAt, source: 'finalize' } as const;
  return {
    provider,
    entry: {
      before: before.parsed,
      after: after.parsed,
      delta: Object.fromEntries(deltas.map(({ field, delta }) => [field, delta])),
      capacity: capacity.amount,
      capacity_unit: capacity.unit,
      capacity_field: capacity.field,
      captured_at: { before: before.captured_at, after: after.captured_at },
      notes: unique([...notesIn(before), ...notesIn(after), ...odd.map(({ note }) => note), ...capacity.notes]),
      errors: unique([...errorsIn(before), ...errorsIn(after), ...deltas.flatMap(errorOf)]),
    },
    anomalies: odd.map(({ note, words = note, row }) => ({ ...base, notes: words, ...row })),
    problems: odd.map(({ note, row }) => ({ code: row.code, message: `${provider} in ${window}: ${note}` })),
  };
}

type OddCode = 'negative-delta' | 'crosses-reset' | 'late-after' | 'duplicate-before' | 'clock-skew';

interface Odd {
  /** One line, its code first. */
  readonly note: string;
  /** Words of the row, where an older reader looks for them; else the note. */
  readonly words?: string;
  readonly row: Pick<Anomaly, 'field' | 'delta' | 'before' | 'after'> & { readonly code: OddCode };
}

function oddDelta({ field, delta, before, after, why, at_least: atLeast }: FieldDelta): Odd[] {
  const row = { field, delta, before, after };
  if (why === 'negative-delta') {
    const note = `negative-delta: ${field} fell from ${before} to ${after}`;
    return [{ note, words: 'negative-delta-detected', row: { ...row, code: why } }];
  }
  if (why === 'crosses-reset') {
    const used = atLeast === null ? 'not known' : `at least ${atLeast} pp`;
    const note = `crosses-reset: ${field} went from ${before} to ${after} over a reset, used ${used}`;
    return [{ note, row: { ...row, code: why } }];
  }
  if (why !== 'clock-skew') return [];
  return [{ note: `clock-skew: the AFTER reading of ${field} is older than the BEFORE`, row: { ...row, code: why } }];
}

/** The error of a delta that is not known; a reading without a number has an error of its own. */
function errorOf({ why }: FieldDelta): string[] {
  return why === 'known' || why === 'missing' ? [] : [why];
}

function duplicateBefore(first: Snapshot, taken: Snapshot): Odd {
  const note = `duplicate-before: begun at ${first.captured_at} and again at ${taken.captured_at}, counted from then`;
  return { note, row: { code: 'duplicate-before' } };
}

const LATE_AFTER_S = 300;

function lateAfter(after: Snapshot, { endedAt, lateAfterS = LATE_AFTER_S }: WindowFlags): Odd[] {
  if (endedAt === undefined) return [];
  const late = (timeMs(after.captured_at) - timeMs(endedAt)) / 1000;
  if (!Number.isFinite(late) || late < lateAfterS) return [];
  const note = `late-after: read ${Math.round(late)} s after the end, what was used since counts as well`;
  return [{ note, row: { code: 'late-after' } }];
}

function endOf({ parsed, captured_at: at }: Snapshot): { parsed: Snapshot['parsed']; readMs: number } {
  return { parsed, readMs: timeMs(at) };
}

function notesIn({ notes }: Snapshot): string[] {
  return notes === undefined || notes.trim() === '' ? [] : [notes];
}

function errorsIn({ parsed }: Snapshot): string[] {
  const errors: unknown = parsed['errors'];
  return Array.isArray(errors) ? errors.filter((one): one is string => typeof one === 'string') : [];
}

function unique(texts: readonly string[]): string[] {
  return [...new Set(texts)];
}
