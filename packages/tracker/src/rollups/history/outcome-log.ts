import type { ChurnRecord, WindowRecord } from '@ccp/contracts';
import { toMs } from '../meters/identity.ts';
import { newestRecords } from '../windows/points.ts';
import type { ChurnPoint, QualityPoint, Range, WindowSpan } from './history.ts';

/** What came of finished windows. */
export interface OutcomeLog {
  readonly addWindow: (record: WindowRecord) => void;
  readonly addChurn: (record: ChurnRecord) => void;
  /** Every finished window, the newest first. */
  windows(): readonly WindowSpan[];
  providers(): readonly string[];
  quality(range: Range): readonly QualityPoint[];
  churn(range: Range, provider: string | null): readonly ChurnPoint[];
  clearWindows(): void;
  clearChurn(): void;
}

export function openOutcomeLog(): OutcomeLog {
  let records: WindowRecord[] = [];
  let churn: ChurnRecord[] = [];
  return {
    addWindow: (record) => void records.push(record),
    addChurn: (record) => void churn.push(record),
    windows: () =>
      newestRecords(records)
        .flatMap((record) => spanOf(record) ?? [])
        .toSorted((a, b) => b.until_ts - a.until_ts),
    providers: () => [...new Set(records.flatMap(({ providers }) => Object.keys(providers ?? {})))],
    quality: (range) =>
      newestRecords(records)
        .flatMap(({ window, finalized_at: at, quality_score: score, quality, outcome = 'unknown' }) => {
          const value = score ?? quality;
          return typeof value === 'number' && isIn(at, range) ? [{ window, at, quality: value, outcome }] : [];
        })
        .toSorted(byTime),
    churn: (range, provider) =>
      churn
        .flatMap((row): readonly ChurnPoint[] => {
          const at = row.captured_at;
          if (at === undefined || !isIn(at, range) || (provider !== null && row.provider !== provider)) return [];
          return [
            {
              window: row.window ?? '',
              at,
              provider: row.provider ?? null,
              insertions: row.insertions ?? null,
              deletions: row.deletions ?? null,
              features: row.features ?? null,
              normalized_churn: row.normalized_churn ?? null,
            },
          ];
        })
        .toSorted(byTime),
    clearWindows: () => void (records = []),
    clearChurn: () => void (churn = []),
  };
}

/** From the first reading before it to the last one after it, or to when it was finished. */
function spanOf({ window, finalized_at: at, providers }: WindowRecord): WindowSpan | null {
  const finishedMs = toMs(at);
  if (finishedMs === null) return null;
  const captured = Object.values(providers ?? {}).map(({ captured_at: times }) => times ?? {});
  const before = captured.flatMap((times) => timeIn(times, 'before') ?? []);
  const after = captured.flatMap((times) => timeIn(times, 'after') ?? []);
  return {
    window,
    since_ts: before.length === 0 ? null : Math.min(...before) / 1000,
    until_ts: (after.length === 0 ? finishedMs : Math.max(...after)) / 1000,
  };
}

function timeIn(times: Readonly<Record<string, unknown>>, phase: string): number | null {
  const at = times[phase];
  return typeof at === 'string' ? toMs(at) : null;
}

function isIn(at: string, { since_ts: since, until_ts: until }: Range): boolean {
  const ms = toMs(at);
  return ms !== null && ms / 1000 >= since && ms / 1000 < until;
}

function byTime(a: { readonly at: string }, b: { readonly at: string }): number {
  return Date.parse(a.at) - Date.parse(b.at);
}
