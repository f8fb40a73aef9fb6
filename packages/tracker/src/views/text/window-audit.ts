import { printable } from '../../printable.ts';
import type { SnapshotAudit, WindowAudit } from '../../rollups/windows/audit.ts';
import type { DecisionCard } from '../../rollups/windows/decision-card.ts';

/** Which rows a window has, as lines. */
export function auditLines({ window, snapshots, finalize, anomalies, churn }: WindowAudit): string[] {
  const lines = [
    `Window: ${window}`,
    `Snapshots:${snapshots.length === 0 ? ' none' : ''}`,
    ...snapshots.map(snapshotLine),
    finalize === null
      ? 'Finalize: none'
      : `Finalize: ${rows(finalize.entries, finalize.duplicates)}, counts ${finalize.canonical_finalized_at}` +
        ` (methodology=${finalize.methodology ?? 'n/a'})`,
    `Anomalies: ${anomalies.count}`,
    ...(anomalies.records ?? []).map(
      ({ provider, code, field, notes }) => `  - ${words([provider, code, field])}: ${notes}`,
    ),
    `Churn: ${churn.count}`,
    ...(churn.records ?? []).map(
      ({ provider, captured_at: at, commit_start: from, commit_end: to }) =>
        `  - ${words([provider])}: ${from ?? 'n/a'}..${to ?? 'n/a'} (captured_at=${at})`,
    ),
  ];
  return lines.map(printable);
}

/** The decision card as lines. */
export function decisionCardLines({ window, verdict, checks, reasons, completeness }: DecisionCard): string[] {
  const lines = [
    `${window}: ${verdict}`,
    ...checks.map(({ name, met, found }) => `  ${met ? '✓' : '✗'} ${name}: ${found}`),
    `Reasons: ${reasons.length === 0 ? 'all checks met' : reasons.join('; ')}`,
    `Completeness: ${completeness.met}/${completeness.of}`,
  ];
  return lines.map(printable);
}

function snapshotLine({ provider, phase, entries, duplicates, ...canonical }: SnapshotAudit): string {
  const { canonical_captured_at: at, source, notes } = canonical;
  return (
    `  - ${provider} ${phase}: ${rows(entries, duplicates)}, counts ${at}` +
    ` (source=${source ?? 'n/a'}, notes=${notes ?? 'n/a'})`
  );
}

function rows(entries: number, duplicates: number): string {
  return `entries=${entries}, duplicates=${duplicates}`;
}

function words(texts: readonly (string | undefined)[]): string {
  const known = texts.filter((text) => text !== undefined && text !== '');
  return known.length === 0 ? 'n/a' : known.join(' ');
}
