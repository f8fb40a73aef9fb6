import type { GlmCount, Snapshot, ToolReport, WindowRecord } from '@ccp/contracts';
import { expect, test } from 'vitest';
import { finalizeWindow } from '../../rollups/windows/finalize.ts';
import type { Estimator } from '../../rollups/windows/provider-overview.ts';
import { windowPreview } from '../../rollups/windows/window-preview.ts';
import type { PreviewRows } from '../../rollups/windows/window-preview.ts';
import { count, decimals, percentText, windowPreviewLines } from './window-preview.ts';

/** The ratio of totals alone: what an interval looks like is the estimators' matter. */
const ratioOfTotals: Estimator = (points) => {
  const features = points.reduce((sum, point) => sum + point.features, 0);
  const capacity = points.reduce((sum, point) => sum + point.capacity, 0);
  return { efficiency: points.length === 0 ? null : features / capacity, ci: null, n: points.length, power: null };
};

const WEEK = { weekly_resets: '21:29 on 19 Oct', fiveh_resets: '13:01' };
const CLAUDE = { session_pct: 1, all_models_pct: 90, opus_pct: 0, all_models_resets: 'Oct 20, 1:59am (Europe/Berlin)' };

function snapshot(provider: string, phase: 'before' | 'after', parsed: Snapshot['parsed']): Snapshot {
  const captured_at = phase === 'before' ? '2025-10-14T09:00:00+00:00' : '2025-10-14T11:00:00+00:00';
  return { window: 'W0-01', provider, phase, captured_at, parsed, source: 'ingest', notes: '' };
}

const snapshots = [
  snapshot('codex', 'before', { ...WEEK, fiveh_pct: 0, weekly_pct: 64 }),
  snapshot('codex', 'after', { ...WEEK, fiveh_pct: 1, weekly_pct: 82 }),
  snapshot('claude', 'before', CLAUDE),
  snapshot('claude', 'after', CLAUDE),
];
const glmCounts: GlmCount[] = [{ window: 'W0-01', captured_at: '2025-10-14T11:00:00+00:00', prompts_used: 118 }];

function finalized(): WindowRecord {
  const { record } = finalizeWindow({
    window: 'W0-01',
    snapshots,
    glmCounts,
    flags: { features: { codex: 3, claude: 2, glm: 4 }, qualityScore: 1, outcome: 'pass', notes: 'standard run' },
    nowAt: '2025-10-14T12:00:00+00:00',
  });
  if (record === null) throw new Error('not finalized');
  return record;
}

function report(more: Partial<ToolReport>): ToolReport {
  return { provider: 'codex-ccusage', window: 'W0-01', captured_at: '2025-10-14T11:00:00+00:00', parsed: {}, ...more };
}

const rows: PreviewRows = { records: [finalized()], snapshots, glmCounts, anomalies: [], churn: [], reports: [] };

function lines(more: Partial<PreviewRows> = {}, window?: string): string[] {
  return windowPreviewLines(windowPreview({ ...rows, ...more }, ratioOfTotals, window));
}

test('the standard run', () => {
  expect(lines()).toEqual([
    'Windows: W0-01',
    'Anomalies: 0 (see anomalies.jsonl)',
    'Providers:',
    '  - claude: features=2, capacity=0 pp, efficiency=n/a, ci=n/a, n=0, power=n/a',
    '  - codex: features=3, capacity=18 pp, efficiency=0.17, ci=n/a, n=1, power=n/a',
    '  - glm: features=4, capacity=118 prompts, efficiency=0.03, ci=n/a, n=1, power=n/a',
    'Outcome: quality=1.0, outcome=pass',
    'Notes: standard run',
    'Snapshots:',
    '  - claude: after, before (source=ingest, notes=n/a)',
    '  - codex: after, before (source=ingest, notes=n/a)',
    'Left out:',
    '  - claude W0-01: no capacity used, in neither sum',
  ]);
});

test('every other block', () => {
  const shown = lines({
    anomalies: [{ window: 'W0-01', captured_at: '2025-10-14T11:00:00Z', notes: 'odd' }],
    churn: [
      {
        window: 'W0-01',
        provider: 'codex',
        methodology: 'tdd',
        captured_at: '2025-10-14T11:00:00Z',
        files_changed: 0,
        insertions: 0,
        deletions: 0,
        net: 0,
        normalized_churn: 0,
      },
      { window: 'W0-01', captured_at: '2025-10-14T12:00:00Z', normalized_churn: null },
    ],
    reports: [
      report({ scope: 'session', parsed: { sessions: 51, total_tokens: 7_372_723_263 } }),
      report({ scope: 'weekly', parsed: { percent_used: 9.2, tokens_used: 987_654_321 } }),
      report({ scope: 'daily', parsed: { percent: 12.5, tokens: 123_456, reset_at: '2025-10-15T00:00:00Z' } }),
      report({
        kind: 'proxy_telemetry',
        provider: 'proxy',
        parsed: { total: 8, routed_to_glm_pct: 50, latency_p50_ms: 320, latency_p95_ms: 537, error_rate_pct: 12.5 },
      }),
    ],
  });
  expect(shown[1]).toBe('Anomalies: 1 (see anomalies.jsonl)');
  expect(shown.slice(8, 18)).toEqual([
    'Churn:',
    '  - provider=codex window=W0-01 method=tdd: files=0, +0/-0 (net=0), per-feature=0.00',
    '  - provider=n/a window=W0-01 method=n/a: files=n/a, +n/a/-n/a (net=n/a), per-feature=n/a',
    'Subagent Proxy:',
    '  - routed=50% (events=8), latency=320 ms p50 / 537 ms p95, errors=12.5%',
    'ccusage:',
    '  - weekly: used=9.2%, tokens=987654321',
    '  - daily: used=12.5%, tokens=123456, resets=2025-10-15T00:00:00Z',
    '  - session: tokens=7372723263, sessions=51',
    'Snapshots:',
  ]);
});

test('several windows, or one of them', () => {
  const second = { ...finalized(), window: 'W0-02', finalized_at: '2025-10-15T12:00:00Z', quality_score: null };
  const both = { records: [second, finalized()], glmCounts: [] };
  const shown = lines(both);
  expect(shown.slice(0, 1)).toEqual(['Windows: W0-01, W0-02']);
  expect(shown[4]).toBe('  - codex: features=6, capacity=36 pp, efficiency=0.17, ci=n/a, n=2, power=n/a');
  expect(shown.slice(6, 9)).toEqual([
    'Outcome:',
    '  - W0-01: quality=1.0, outcome=pass',
    '  - W0-02: quality=n/a, outcome=pass',
  ]);
  expect(lines(both, 'W0-02').slice(0, 1)).toEqual(['Windows: W0-02']);
  expect(lines(both, 'W0-09')).toEqual(['no windows recorded']);
});

test('nothing finished', () => {
  expect(lines({ records: [] })).toEqual(['no windows recorded']);
});

test('an interval, and one without an end', () => {
  const bounded: Estimator = () => ({ efficiency: 0.2916667, ci: { lo: -0.157, hi: 0.741 }, n: 3, power: 0.3822376 });
  const unbounded: Estimator = () => ({ efficiency: 0.2916667, ci: 'unbounded', n: 3, power: null });
  expect(windowPreviewLines(windowPreview(rows, bounded))[4]).toBe(
    '  - codex: features=3, capacity=18 pp, efficiency=0.29, ci=[-0.16, 0.74], n=3, power=0.38',
  );
  expect(windowPreviewLines(windowPreview(rows, unbounded))[4]).toContain('ci=unbounded, n=3, power=n/a');
});

test('an escape sequence in a note does not reach the terminal', () => {
  const record = { ...finalized(), notes: 'a\u001B[2Jb' };
  expect(lines({ records: [record] })).toContain('Notes: a?[2Jb');
});

test.each([
  [50, '50%'],
  [12.5, '12.5%'],
  [50.04, '50.0%'],
  [99.96, '100.0%'],
  [0, '0%'],
  [null, 'n/a'],
  [Number.NaN, 'n/a'],
])('percent text of %s', (pp, text) => {
  expect(percentText(pp)).toBe(text);
});

test('numbers', () => {
  expect([count(18), count(1.5), count(null), decimals(0.1667), decimals(1, 1), decimals(undefined)]).toEqual([
    '18',
    '1.50',
    'n/a',
    '0.17',
    '1.0',
    'n/a',
  ]);
});
