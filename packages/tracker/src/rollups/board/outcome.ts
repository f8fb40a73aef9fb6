import type { ChurnRecord } from '@ccp/contracts';
import type { PreviewRows } from '../windows/window-preview.ts';
import { byTime, newestBy } from '../windows/newest.ts';
import type { OutcomeFacts, WindowRow } from './board.ts';

const MOST_ANOMALIES = 20;

/** Means over the turns that were measured; null: none was. */
export interface Measured {
  readonly cls: number | null;
  readonly impf: number | null;
}

/** What came of the windows: quality and churn of the newest that has them, and what did not add up. */
export function outcomeOf(
  { churn, anomalies }: PreviewRows,
  windows: readonly WindowRow[],
  measured: Measured,
): OutcomeFacts {
  const judged = windows.find(({ quality }) => quality !== null);
  const newest = newestBy(churn, ({ captured_at: at }) => at);
  return {
    quality: judged?.quality ?? null,
    quality_source: judged?.window ?? null,
    churn: newest === null ? null : churnFacts(newest),
    anomalies: byTime(anomalies, ({ captured_at: at }) => at)
      .toReversed()
      .slice(0, MOST_ANOMALIES),
    anomalies_total: anomalies.length,
    ...measured,
  };
}

function churnFacts(row: ChurnRecord): NonNullable<OutcomeFacts['churn']> {
  return {
    window: row.window,
    provider: row.provider ?? null,
    files_changed: row.files_changed ?? null,
    insertions: row.insertions ?? null,
    deletions: row.deletions ?? null,
    net: row.net ?? null,
    normalized_churn: row.normalized_churn ?? null,
    captured_at: row.captured_at,
  };
}
