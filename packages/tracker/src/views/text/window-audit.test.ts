import { expect, test } from 'vitest';
import { auditWindow } from '../../rollups/windows/audit.ts';
import { decisionCard } from '../../rollups/windows/decision-card.ts';
import { auditLines, decisionCardLines } from './window-audit.ts';

const at = '2025-10-14T12:00:00Z';
const record = { window: 'W0-01', finalized_at: at, outcome: 'pass', methodology: 'tdd' };

test('the rows of a window', () => {
  const snapshot = {
    window: 'W0-01',
    provider: 'codex',
    phase: 'before',
    captured_at: at,
    parsed: {},
    source: 'alias',
  };
  const audit = auditWindow({
    window: 'W0-01',
    snapshots: [snapshot, snapshot],
    records: [record],
    anomalies: [{ window: 'W0-01', provider: 'codex', captured_at: at, code: 'late-after', notes: 'read late' }],
    churn: [{ window: 'W0-01', provider: 'codex', captured_at: at, commit_start: 'aaa', commit_end: 'bbb' }],
  });
  expect(audit && auditLines(audit)).toEqual([
    'Window: W0-01',
    'Snapshots:',
    `  - codex before: entries=2, duplicates=1, counts ${at} (source=alias, notes=n/a)`,
    `Finalize: entries=1, duplicates=0, counts ${at} (methodology=tdd)`,
    'Anomalies: 1',
    '  - codex late-after: read late',
    'Churn: 1',
    `  - codex: aaa..bbb (captured_at=${at})`,
  ]);
});

test('a window that is not finished', () => {
  const rows = { snapshots: [], records: [], anomalies: [], churn: [{ window: 'W0-01', captured_at: at }] };
  const audit = auditWindow({ window: 'W0-01', ...rows });
  expect(audit && auditLines(audit)).toEqual([
    'Window: W0-01',
    'Snapshots: none',
    'Finalize: none',
    'Anomalies: 0',
    'Churn: 1',
    `  - n/a: n/a..n/a (captured_at=${at})`,
  ]);
});

test('the decision card', () => {
  const card = decisionCard({ window: 'W0-01', records: [record], anomalies: [], churn: [], evidenceRows: 2 });
  expect(decisionCardLines(card)).toEqual([
    'W0-01: SOFT GO',
    `  ✓ finalized: ${at}`,
    '  ✓ anomalies: no anomalies',
    '  ✓ outcome: outcome pass',
    '  ✗ churn: no churn rows',
    '  ✓ evidence: 2 evidence rows',
    'Reasons: no churn rows',
    'Completeness: 4/5',
  ]);
  const churn = [{ window: 'W0-01', captured_at: at }];
  const go = decisionCard({ window: 'W0-01', records: [record], anomalies: [], churn, evidenceRows: 1 });
  expect(decisionCardLines(go)).toContain('Reasons: all checks met');
});
