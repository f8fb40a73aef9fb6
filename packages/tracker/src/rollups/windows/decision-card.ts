import type { Anomaly, ChurnRecord, WindowRecord } from '@ccp/contracts';
import { newestBy } from './newest.ts';

/** Whether a window is a sound basis for the next one. */
export interface DecisionCard {
  readonly window: string;
  /** `SOFT GO`: sound, but its churn or its evidence is missing. */
  readonly verdict: 'GO' | 'SOFT GO' | 'NO-GO';
  /** The five things asked for, in order. */
  readonly checks: readonly Check[];
  /** What is missing, in words; empty for a GO. */
  readonly reasons: readonly string[];
  readonly completeness: { readonly met: number; readonly of: number };
}

export interface Check {
  readonly name: 'finalized' | 'anomalies' | 'outcome' | 'churn' | 'evidence';
  readonly met: boolean;
  /** What was found. */
  readonly found: string;
}

/** Rows of any window; those of others are passed over. */
export interface DecisionRows {
  readonly window: string;
  readonly records: readonly WindowRecord[];
  readonly anomalies: readonly Anomaly[];
  readonly churn: readonly ChurnRecord[];
  /** Rows about the window in the ledger of acceptance evidence. */
  readonly evidenceRows: number;
}

const GOOD: ReadonlySet<string> = new Set(['pass', 'partial']);

export function decisionCard({ window, records, anomalies, churn, evidenceRows }: DecisionRows): DecisionCard {
  const isOf = (row: { readonly window?: string }): boolean => row.window === window;
  const record = newestBy(records.filter(isOf), ({ finalized_at: at }) => at);
  const odd = anomalies.filter(isOf).length;
  const changes = churn.filter(isOf).length;
  const outcome = record?.outcome ?? 'unknown';
  const checks: readonly Check[] = [
    { name: 'finalized', met: record !== null, found: record === null ? 'not finalized' : record.finalized_at },
    { name: 'anomalies', met: odd === 0, found: counted(odd, 'anomaly', 'anomalies') },
    { name: 'outcome', met: GOOD.has(outcome), found: `outcome ${outcome}` },
    { name: 'churn', met: changes > 0, found: counted(changes, 'churn row', 'churn rows') },
    { name: 'evidence', met: evidenceRows > 0, found: counted(evidenceRows, 'evidence row', 'evidence rows') },
  ];
  const missing = checks.filter(({ met }) => !met);
  const soft = missing.every(({ name }) => name === 'churn' || name === 'evidence');
  return {
    window,
    verdict: missing.length === 0 ? 'GO' : soft ? 'SOFT GO' : 'NO-GO',
    checks,
    reasons: missing.map(({ found }) => found),
    completeness: { met: checks.length - missing.length, of: checks.length },
  };
}

function counted(count: number, one: string, several: string): string {
  return `${count === 0 ? 'no' : count} ${count === 1 ? one : several}`;
}
