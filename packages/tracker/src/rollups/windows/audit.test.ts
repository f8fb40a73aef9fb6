import type { Anomaly, ChurnRecord, Snapshot, WindowRecord } from '@ccp/contracts';
import { expect, test } from 'vitest';
import { auditWindow } from './audit.ts';
import { decisionCard } from './decision-card.ts';

const snapshots: Snapshot[] = [
  {
    window: 'W0-01',
    provider: 'codex',
    phase: 'before',
    captured_at: '2025-10-14T09:00:00Z',
    parsed: {},
    source: 'ingest',
  },
  {
    window: 'W0-01',
    provider: 'codex',
    phase: 'before',
    captured_at: '2025-10-14T09:30:00Z',
    parsed: {},
    source: 'alias',
    notes: 'again',
  },
  { window: 'W0-01', provider: 'codex', phase: 'after', captured_at: '2025-10-14T12:00:00Z', parsed: {} },
  { window: 'W0-02', provider: 'codex', phase: 'before', captured_at: '2025-10-14T12:00:00Z', parsed: {} },
];
const record: WindowRecord = {
  window: 'W0-01',
  finalized_at: '2025-10-14T13:00:00Z',
  methodology: 'tdd',
  outcome: 'pass',
};
const churn: ChurnRecord = { window: 'W0-01', captured_at: '2025-10-14T13:00:00Z' };
const anomaly: Anomaly = { window: 'W0-01', captured_at: '2025-10-14T13:00:00Z', notes: 'odd' };

test('which rows count', () => {
  const rows = {
    snapshots,
    records: [record, { ...record, finalized_at: '2025-10-14T12:30:00Z' }],
    anomalies: [],
    churn: [churn],
  };
  expect(auditWindow({ window: 'W0-01', ...rows })).toEqual({
    window: 'W0-01',
    snapshots: [
      {
        provider: 'codex',
        phase: 'after',
        entries: 1,
        duplicates: 0,
        canonical_captured_at: '2025-10-14T12:00:00Z',
        source: null,
        notes: null,
      },
      {
        provider: 'codex',
        phase: 'before',
        entries: 2,
        duplicates: 1,
        canonical_captured_at: '2025-10-14T09:30:00Z',
        source: 'alias',
        notes: 'again',
      },
    ],
    finalize: { entries: 2, duplicates: 1, canonical_finalized_at: '2025-10-14T13:00:00Z', methodology: 'tdd' },
    anomalies: { count: 0 },
    churn: { count: 1, records: [churn] },
  });
});

test('one anomaly is enough for an audit; nothing at all is none', () => {
  const none = { snapshots: [], records: [], anomalies: [anomaly], churn: [] };
  expect(auditWindow({ window: 'W0-01', ...none })).toMatchObject({ finalize: null, anomalies: { count: 1 } });
  expect(auditWindow({ window: 'W0-09', ...none })).toBeNull();
});

const good = { window: 'W0-01', records: [record], anomalies: [], churn: [churn], evidenceRows: 1 };

test.each([
  ['everything is there', good, 'GO', 5, []],
  ['no churn', { ...good, churn: [] }, 'SOFT GO', 4, ['no churn rows']],
  ['no evidence', { ...good, evidenceRows: 0 }, 'SOFT GO', 4, ['no evidence rows']],
  ['neither', { ...good, churn: [], evidenceRows: 0 }, 'SOFT GO', 3, ['no churn rows', 'no evidence rows']],
  ['an anomaly', { ...good, anomalies: [anomaly] }, 'NO-GO', 4, ['1 anomaly']],
  ['not finalized', { ...good, records: [] }, 'NO-GO', 3, ['not finalized', 'outcome unknown']],
  ['failed', { ...good, records: [{ ...record, outcome: 'fail' }] }, 'NO-GO', 4, ['outcome fail']],
] as const)('%s', (_, rows, verdict, met, reasons) => {
  expect(decisionCard(rows)).toMatchObject({ verdict, reasons, completeness: { met, of: 5 } });
});

test('rows of other windows do not count, and a partial outcome is good enough', () => {
  const other = { ...anomaly, window: 'W0-02' };
  const partial = { ...record, finalized_at: '2025-10-14T14:00:00Z', outcome: 'partial' };
  const failed = { ...record, outcome: 'fail' };
  expect(decisionCard({ ...good, anomalies: [other], records: [partial, failed] }).verdict).toBe('GO');
});
