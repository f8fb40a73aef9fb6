import type { GlmCount, Snapshot } from '@ccp/contracts';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { finalizeWindow } from './finalize.ts';
import type { FinalizedWindow, WindowFlags } from './finalize.ts';

const NOW = '2025-10-14T13:00:00+00:00';
const SUNDAY = '21:29 on 19 Oct';

function snapshot(more: Partial<Snapshot> & Pick<Snapshot, 'phase'>): Snapshot {
  const hour = more.phase === 'before' ? 9 : 12;
  return {
    window: 'W0-01',
    provider: 'codex',
    captured_at: `2025-10-14T${String(hour).padStart(2, '0')}:00:00+00:00`,
    notes: '',
    parsed: {},
    source: 'ingest',
    ...more,
  };
}

function codex(before: number | null, after: number | null, more: object = {}): Snapshot[] {
  const parsed = (weekly: number | null, fiveh: number): Record<string, unknown> => ({
    weekly_pct: weekly,
    weekly_resets: SUNDAY,
    fiveh_pct: fiveh,
    fiveh_resets: '13:01',
    errors: [],
    ...more,
  });
  return [
    snapshot({ phase: 'before', parsed: parsed(before, 10) }),
    snapshot({ phase: 'after', parsed: parsed(after, 11) }),
  ];
}

function glm(prompts: number | null, more: Partial<GlmCount> = {}): GlmCount {
  return {
    window: 'W0-01',
    captured_at: '2025-10-14T12:00:00+00:00',
    prompts_used: prompts,
    source: 'ingest',
    ...more,
  };
}

interface Given {
  readonly snapshots?: readonly Snapshot[];
  readonly glmCounts?: readonly GlmCount[];
  readonly flags?: WindowFlags;
}

function finalize({ snapshots = [], glmCounts = [], flags = {} }: Given): FinalizedWindow {
  return finalizeWindow({ window: 'W0-01', snapshots, glmCounts, flags, nowAt: NOW });
}

test('a window with everything', () => {
  const flags = {
    features: { codex: 3 },
    featureIds: ['F1'],
    qualityScore: 0.9,
    outcome: 'pass',
    notes: 'fine',
    methodology: 'tdd',
    specId: 'S1',
    specVersion: '2',
    commitStart: 'aaa',
    commitEnd: 'bbb',
  };
  const found = finalize({ snapshots: codex(64, 82), flags });
  expect(found.problems).toEqual([]);
  expect(found.anomalies).toEqual([]);
  expect(found.record).toMatchObject({
    kind: 'window',
    window: 'W0-01',
    finalized_at: NOW,
    features: { codex: 3 },
    feature_ids: ['F1'],
    quality_score: 0.9,
    quality: 0.9,
    outcome: 'pass',
    notes: 'fine',
    methodology: 'tdd',
    spec_id: 'S1',
    spec_version: '2',
    commit_start: 'aaa',
    commit_end: 'bbb',
    providers: {
      codex: {
        delta: { fiveh_pct: 1, weekly_pct: 18 },
        capacity: 18,
        capacity_unit: 'pp',
        capacity_field: 'weekly_pct',
        captured_at: { before: '2025-10-14T09:00:00+00:00', after: '2025-10-14T12:00:00+00:00' },
        errors: [],
      },
    },
  });
});

test('what nobody said stays unknown', () => {
  const { record } = finalize({ snapshots: codex(64, 82) });
  expect(record).toMatchObject({ features: {}, quality_score: null, quality: null, outcome: 'unknown' });
  expect(record).not.toHaveProperty('methodology');
});

test('nothing there, one phase only, another window', () => {
  expect(finalize({}).problems).toMatchObject([
    { code: 'no-snapshot', message: 'no snapshots found for window W0-01' },
  ]);
  const alone = [
    snapshot({ phase: 'after', provider: 'codex' }),
    snapshot({ phase: 'before', provider: 'claude' }),
    snapshot({ phase: 'before', provider: 'claude', window: 'W0-02' }),
  ];
  expect(finalize({ snapshots: alone })).toMatchObject({
    record: null,
    problems: [{ message: 'missing before/after snapshots for providers: claude, codex' }],
  });
  const others = codex(1, 2).map((row) => ({ ...row, window: 'W0-02' }));
  expect(finalize({ snapshots: others }).record).toBeNull();
});

test('a grade from 1 to 5 is no quality score', () => {
  const { record, problems } = finalize({ snapshots: codex(64, 82), flags: { qualityScore: 5 } });
  expect(record).toBeNull();
  expect(problems).toMatchObject([{ code: 'quality-out-of-range' }]);
});

test('a window of GLM alone', () => {
  const found = finalize({ glmCounts: [glm(100), glm(18, { captured_at: '2025-10-14T12:30:00+00:00' })] });
  expect(found.record?.providers).toMatchObject({
    glm: { capacity: 118, capacity_unit: 'prompts', capacity_field: 'prompts_used', before: null, after: null },
  });
});

test('GLM counts once: the same row twice, and bars beside the prompts', () => {
  const bars = codex(1, 9).map((row) => ({ ...row, provider: 'glm' }));
  const found = finalize({ snapshots: bars, glmCounts: [glm(118), glm(118)] });
  expect(found.record?.providers?.['glm']).toMatchObject({
    capacity: 118,
    capacity_unit: 'prompts',
    delta: { weekly_pct: 8 },
  });
});

test('a count without a number is not 0, until the same source gives one', () => {
  const open = finalize({ glmCounts: [glm(18), glm(null, { captured_at: '2025-10-14T12:30:00+00:00' })] });
  expect(open.record?.providers?.['glm']).toMatchObject({ capacity: null });
  expect(open.record?.providers?.['glm']?.notes?.join()).toContain('at least 18 prompts');
  const closed = finalize({ glmCounts: [glm(null), glm(18, { captured_at: '2025-10-14T12:30:00+00:00' })] });
  expect(closed.record?.providers?.['glm']).toMatchObject({ capacity: 18 });
});

test('a fall within a window: null, an anomaly and an error', () => {
  const { record, anomalies, problems } = finalize({ snapshots: codex(19, 10) });
  expect(record?.providers?.['codex']).toMatchObject({
    delta: { weekly_pct: null, fiveh_pct: 1 },
    capacity: 1,
    capacity_field: 'fiveh_pct',
    errors: ['negative-delta'],
  });
  expect(anomalies).toEqual([
    {
      kind: 'anomaly',
      window: 'W0-01',
      provider: 'codex',
      captured_at: NOW,
      notes: 'negative-delta-detected',
      code: 'negative-delta',
      field: 'weekly_pct',
      delta: null,
      before: 19,
      after: 10,
      source: 'finalize',
    },
  ]);
  expect(problems).toMatchObject([{ code: 'negative-delta' }]);
});

test('over a reset: null, and the lower bound in words', () => {
  const [before, after] = codex(90, 10);
  const next = { ...after?.parsed, weekly_resets: '21:29 on 26 Oct' };
  const rows = [before, { ...after, parsed: next }] as Snapshot[];
  const { record, anomalies } = finalize({ snapshots: rows });
  expect(record?.providers?.['codex']?.delta).toMatchObject({ weekly_pct: null });
  expect(record?.providers?.['codex']?.errors).toEqual(['crosses-reset']);
  expect(record?.providers?.['codex']?.notes?.join()).toContain('at least 10 pp');
  expect(anomalies).toMatchObject([{ code: 'crosses-reset', field: 'weekly_pct', before: 90, after: 10, delta: null }]);
});

test('the latest reading counts, at the same time the later row', () => {
  const [before, after] = codex(64, 82) as [Snapshot, Snapshot];
  const earlier = { ...after, captured_at: '2025-10-14T13:30:00+02:00', parsed: { ...after.parsed, weekly_pct: 70 } };
  expect(finalize({ snapshots: [before, after, earlier] }).record?.providers?.['codex']?.capacity).toBe(18);
  const same = { ...after, parsed: { ...after.parsed, weekly_pct: 83 } };
  expect(finalize({ snapshots: [before, after, same] }).record?.providers?.['codex']?.capacity).toBe(19);
});

test('begun twice: counted from the newest, and said', () => {
  const [before, after] = codex(64, 82) as [Snapshot, Snapshot];
  const again = { ...before, captured_at: '2025-10-14T10:00:00+00:00', parsed: { ...before.parsed, weekly_pct: 70 } };
  const { record, anomalies } = finalize({ snapshots: [before, again, after] });
  expect(record?.providers?.['codex']?.capacity).toBe(12);
  expect(anomalies).toMatchObject([{ code: 'duplicate-before' }]);
  expect(finalize({ snapshots: [before, { ...before }, after] }).anomalies).toEqual([]);
});

test.each([
  [299, 0],
  [300, 1],
  [4000, 1],
])('an AFTER read %d s after a known end: %d anomalies', (seconds, count) => {
  const endedAt = new Date(Date.parse('2025-10-14T12:00:00Z') - seconds * 1000).toISOString();
  const { record, anomalies } = finalize({ snapshots: codex(64, 82), flags: { endedAt } });
  expect(anomalies.filter(({ code }) => code === 'late-after')).toHaveLength(count);
  expect(record?.providers?.['codex']?.notes?.some((note) => note.startsWith('late-after'))).toBe(count === 1);
  const waiting = finalize({ snapshots: codex(64, 82), flags: { endedAt, lateAfterS: 5000 } });
  expect(waiting.anomalies).toEqual([]);
});

test('a week that stands still falls back to the 5 hours, in a field of its own', () => {
  const entry = finalize({ snapshots: codex(64, 64) }).record?.providers?.['codex'];
  expect(entry).toMatchObject({ capacity: 1, capacity_field: 'fiveh_pct' });
  expect(entry?.notes).toEqual([
    'below-resolution: weekly_pct did not move, capacity from fiveh_pct',
    'below-resolution: fiveh_pct moved 1 pp, whole percents tell less than 2',
  ]);
  const still = finalize({ snapshots: codex(64, 64, { fiveh_pct: 3 }) }).record?.providers?.['codex'];
  expect(still).toMatchObject({ capacity: 0, capacity_field: 'weekly_pct' });
});

test('fractions of a percent are not below resolution', () => {
  const entry = finalize({ snapshots: codex(64.2, 65.3) }).record?.providers?.['codex'];
  expect(entry).toMatchObject({ capacity: 1.1, notes: [] });
});

test('notes and errors of both readings are kept once', () => {
  const rows = codex(64, 82, { errors: ['multi-pane-trimmed'] }).map((row) => ({ ...row, notes: 'by hand' }));
  expect(finalize({ snapshots: rows }).record?.providers?.['codex']).toMatchObject({
    notes: ['by hand'],
    errors: ['multi-pane-trimmed'],
  });
});

test('property: the order of rows read at different times is irrelevant', () => {
  const row = fc.record({
    provider: fc.constantFrom('codex', 'claude'),
    phase: fc.constantFrom('before', 'after'),
    weekly_pct: fc.option(fc.integer({ min: 0, max: 100 })),
    weekly_resets: fc.constantFrom(SUNDAY, '21:29 on 26 Oct'),
  });
  const rows = fc
    .array(row, { maxLength: 8 })
    .map((all) =>
      all.map(({ provider, phase, ...parsed }, at) =>
        snapshot({ provider, phase, parsed, captured_at: `2025-10-14T10:${String(at).padStart(2, '0')}:00Z` }),
      ),
    );
  const shuffled = rows.chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })));
  fc.assert(
    fc.property(shuffled, ([all, mixed]) => {
      expect(finalize({ snapshots: mixed })).toEqual(finalize({ snapshots: all }));
    }),
    { numRuns: 100 },
  );
});
