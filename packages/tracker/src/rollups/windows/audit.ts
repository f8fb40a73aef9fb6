import type { Anomaly, ChurnRecord, Snapshot, WindowRecord } from '@ccp/contracts';
import { groupBy, newestBy } from './newest.ts';

/** Which rows a window has, and which of them count. */
export interface WindowAudit {
  readonly window: string;
  /** By provider, then phase. */
  readonly snapshots: readonly SnapshotAudit[];
  /** Null: it was not finalized. */
  readonly finalize: FinalizeAudit | null;
  readonly anomalies: RowAudit<Anomaly>;
  readonly churn: RowAudit<ChurnRecord>;
}

export interface SnapshotAudit {
  readonly provider: string;
  readonly phase: string;
  readonly entries: number;
  /** Rows beside the one that counts. */
  readonly duplicates: number;
  readonly canonical_captured_at: string;
  readonly source: string | null;
  readonly notes: string | null;
}

export interface FinalizeAudit {
  readonly entries: number;
  readonly duplicates: number;
  readonly canonical_finalized_at: string;
  readonly methodology: string | null;
}

export interface RowAudit<Row> {
  readonly count: number;
  /** Absent without rows. */
  readonly records?: readonly Row[];
}

/** Rows of any window; those of others are passed over. */
export interface AuditedRows {
  readonly window: string;
  readonly snapshots: readonly Snapshot[];
  readonly records: readonly WindowRecord[];
  readonly anomalies: readonly Anomaly[];
  readonly churn: readonly ChurnRecord[];
}

/** The audit of a window; null: no row is of it. */
export function auditWindow({ window, ...rows }: AuditedRows): WindowAudit | null {
  const ofWindow = <Row extends { readonly window?: string }>(all: readonly Row[]): readonly Row[] =>
    all.filter((row) => row.window === window);
  const audit = {
    window,
    snapshots: auditSnapshots(ofWindow(rows.snapshots)),
    finalize: auditFinalize(ofWindow(rows.records)),
    anomalies: auditRows(ofWindow(rows.anomalies)),
    churn: auditRows(ofWindow(rows.churn)),
  };
  const found = audit.snapshots.length + audit.anomalies.count + audit.churn.count;
  return found === 0 && audit.finalize === null ? null : audit;
}

function auditSnapshots(snapshots: readonly Snapshot[]): readonly SnapshotAudit[] {
  return [...groupBy(snapshots, ({ provider, phase }) => JSON.stringify([provider, phase]))]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([, rows]) => {
      const canonical = newestBy(rows, ({ captured_at: at }) => at);
      if (canonical === null) return [];
      const { provider, phase, captured_at: at, source = null, notes = null } = canonical;
      const counts = { entries: rows.length, duplicates: rows.length - 1 };
      return [{ provider, phase, ...counts, canonical_captured_at: at, source, notes }];
    });
}

function auditFinalize(records: readonly WindowRecord[]): FinalizeAudit | null {
  const canonical = newestBy(records, ({ finalized_at: at }) => at);
  if (canonical === null) return null;
  return {
    entries: records.length,
    duplicates: records.length - 1,
    canonical_finalized_at: canonical.finalized_at,
    methodology: canonical.methodology ?? null,
  };
}

function auditRows<Row>(records: readonly Row[]): RowAudit<Row> {
  return records.length === 0 ? { count: 0 } : { count: records.length, records };
}
