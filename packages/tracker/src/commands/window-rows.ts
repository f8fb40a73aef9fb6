import type { PreviewRows } from '../rollups/windows/window-preview.ts';
import type { Problem } from '../problem.ts';
import { collect } from './book-options.ts';
import type { Book } from './book-options.ts';

/** Every row that says something about windows, and what of the journals could not be used. */
export function windowRows(book: Book): { readonly rows: PreviewRows; readonly problems: readonly Problem[] } {
  const records = collect(book, 'windows.jsonl', ['window']);
  const snapshots = collect(book, 'snapshots.jsonl', ['snapshot']);
  const glmCounts = collect(book, 'glm_counts.jsonl', ['glm_count']);
  const anomalies = collect(book, 'anomalies.jsonl', ['anomaly']);
  const churn = collect(book, 'churn.jsonl', ['churn']);
  const ccusage = collect(book, 'codex_ccusage.jsonl', ['codex_ccusage']);
  const proxy = collect(book, 'proxy_telemetry.jsonl', ['proxy_telemetry']);
  return {
    rows: {
      records: records.rows,
      snapshots: snapshots.rows,
      glmCounts: glmCounts.rows,
      anomalies: anomalies.rows,
      churn: churn.rows,
      reports: [...ccusage.rows, ...proxy.rows],
    },
    problems: [records, snapshots, glmCounts, anomalies, churn, ccusage, proxy].flatMap(({ problems }) => problems),
  };
}
