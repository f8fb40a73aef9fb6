import type { Snapshot } from '@ccp/contracts';
import { expect, test } from 'vitest';
import type { AliasPlan, AliasReading, AliasState } from './alias.ts';
import { promptsSince } from './glm-alias.ts';
import { planAlias } from './plan-alias.ts';
import { nextWindowId } from './window-id.ts';

const NOW = '2025-10-14T12:00:00+00:00';
const pane = { raw_text: 'pane', parsed: { weekly_pct: 5 } };

function row(window: string, phase: 'before' | 'after', hour: number): Snapshot {
  return { window, phase, provider: 'codex', captured_at: `2025-10-14T0${hour}:00:00Z`, parsed: {} };
}

function state(window: string, phase: 'before' | 'after', baseline: number | null = null): AliasState {
  return { provider: 'codex', current_window: window, last_phase: phase, baseline_prompts: baseline, updated_at: NOW };
}

function plan(request: Partial<AliasReading> & Pick<AliasReading, 'action'>): AliasPlan {
  const outcome = planAlias({ provider: 'codex', state: null, snapshots: [], nowAt: NOW, pane, ...request });
  if (!outcome.ok) throw new Error(outcome.problem.message);
  return outcome.value;
}

function problem(request: Parameters<typeof planAlias>[0]): string {
  const outcome = planAlias(request);
  if (outcome.ok) throw new Error('it was planned');
  return outcome.problem.message;
}

test.each([
  ['W0-09', 'W0-10'],
  ['W0-99', 'W0-100'],
  ['W0-001', 'W0-002'],
  ['W0-21C', 'W0-21C-1'],
  ['ABC', 'ABC-1'],
  ['W0-99999999999999999999', 'W0-100000000000000000000'],
])('%s is followed by %s', (id, next) => {
  expect(nextWindowId(id)).toBe(next);
});

test('start: the first window, the current one, or the next after an end', () => {
  const first = plan({ action: 'start' });
  expect(first.snapshots).toEqual([
    {
      kind: 'snapshot',
      window: 'W0-01',
      provider: 'codex',
      phase: 'before',
      captured_at: NOW,
      notes: 'alias:start',
      raw_text: 'pane',
      parsed: { weekly_pct: 5 },
      source: 'alias',
    },
  ]);
  expect(first.state).toMatchObject({ current_window: 'W0-01', last_phase: 'before' });
  expect(first.lines).toEqual(['stored codex before snapshot for W0-01 (awaiting end)']);
  expect(plan({ action: 'start', state: state('W0-09', 'before') }).state?.current_window).toBe('W0-09');
  expect(plan({ action: 'start', state: state('W0-09', 'after') }).state?.current_window).toBe('W0-10');
  expect(plan({ action: 'start', state: state('W0-09', 'after'), window: 'X' }).state?.current_window).toBe('X');
});

test('a lost state is inferred from the newest row of the provider', () => {
  const snapshots = [
    row('W0-04', 'after', 8),
    row('W0-04', 'before', 7),
    { ...row('W0-30', 'after', 9), provider: 'claude' },
  ];
  expect(plan({ action: 'start', snapshots }).state?.current_window).toBe('W0-05');
});

test('a start over a start is said', () => {
  const again = plan({ action: 'start', snapshots: [row('W0-01', 'before', 7)] });
  expect(again.problems).toMatchObject([{ code: 'duplicate-before' }]);
});

test('end needs a beginning', () => {
  const ended = plan({ action: 'end', snapshots: [row('W0-04', 'before', 7)], notes: 'mine', source: 'automation' });
  expect(ended.snapshots).toMatchObject([{ window: 'W0-04', phase: 'after', notes: 'mine', source: 'automation' }]);
  expect(ended.lines).toEqual(['stored codex after snapshot for W0-04 (ready to finalize)']);
  expect(ended.state?.last_phase).toBe('after');
  const about = { action: 'end', provider: 'codex', state: null, nowAt: NOW, pane } as const;
  expect(problem({ ...about, snapshots: [], window: 'W0-04' })).toBe(
    'no BEFORE snapshot found for codex in window W0-04',
  );
  const claude = [{ ...row('W0-04', 'before', 7), provider: 'claude' }];
  expect(problem({ ...about, snapshots: claude, window: 'W0-04' })).toContain('no BEFORE snapshot found');
});

test('cross ends one window and begins the next with the same pane', () => {
  const crossed = plan({ action: 'cross', snapshots: [row('W0-09', 'before', 7)], agentId: 'A1' });
  expect(crossed.snapshots).toMatchObject([
    { window: 'W0-09', phase: 'after', notes: 'alias:cross-end agent=A1', parsed: pane.parsed },
    { window: 'W0-10', phase: 'before', notes: 'alias:cross-start agent=A1', parsed: pane.parsed },
  ]);
  expect(crossed.state).toMatchObject({ current_window: 'W0-10', last_phase: 'before' });
  expect(crossed.lines).toEqual([
    'stored codex after snapshot for W0-09 (ready to finalize)',
    'seeded before snapshot for W0-10',
  ]);
});

test('delete takes back the nth from the end and goes back to what is left', () => {
  const snapshots = [
    row('W0-01', 'before', 1),
    row('W0-01', 'after', 2),
    row('W0-02', 'before', 2),
    row('W0-02', 'after', 4),
  ];
  const about = { action: 'delete', provider: 'codex', state: null, nowAt: NOW, snapshots } as const;
  const remove = (more: object): AliasPlan => {
    const outcome = planAlias({ ...about, ...more });
    if (!outcome.ok) throw new Error(outcome.problem.message);
    return outcome.value;
  };
  expect(remove({})).toMatchObject({
    removed: snapshots[3],
    state: { current_window: 'W0-02', last_phase: 'before' },
    lines: ['removed codex after snapshot for W0-02 (captured_at=2025-10-14T04:00:00Z)'],
  });
  expect(remove({ index: 2, phase: 'after' }).removed).toBe(snapshots[1]);
  expect(remove({ index: 2, phase: 'before' }).removed).toBe(snapshots[0]);
  expect(remove({ window: 'W0-01' }).removed).toBe(snapshots[1]);
  for (const index of [0, 5, 1.5]) expect(problem({ ...about, index })).toContain('no snapshot found to delete');
  expect(remove({ snapshots: [row('W0-01', 'before', 1)] }).state).toBeNull();
});

test('glm: a baseline, then what came on top of it', () => {
  const prompts = (total: number | null): AliasReading['pane'] => ({ raw_text: '{}', parsed: {}, prompts: total });
  const begun = plan({ action: 'start', provider: 'glm', pane: prompts(12) });
  expect(begun).toMatchObject({
    snapshots: [],
    glmCounts: [],
    state: { current_window: 'W0-01', last_phase: 'before', baseline_prompts: 12 },
    lines: ['stored glm baseline for W0-01 (prompts=12)'],
  });
  const ended = plan({ action: 'end', provider: 'glm', pane: prompts(30), state: begun.state });
  expect(ended).toMatchObject({
    glmCounts: [{ window: 'W0-01', prompts_used: 18, notes: 'alias:end' }],
    state: { current_window: 'W0-01', last_phase: 'after', baseline_prompts: 30 },
    lines: ['stored glm delta for W0-01 (prompts=18)'],
  });
  const crossed = plan({ action: 'cross', provider: 'glm', pane: prompts(30), state: begun.state });
  expect(crossed).toMatchObject({
    glmCounts: [{ window: 'W0-01', prompts_used: 18 }],
    state: { current_window: 'W0-02', last_phase: 'before', baseline_prompts: 30 },
  });
  const about = { provider: 'glm', snapshots: [], nowAt: NOW } as const;
  expect(problem({ ...about, action: 'end', state: null, pane: prompts(30) })).toBe(
    'no glm baseline found for window W0-01',
  );
  expect(problem({ ...about, action: 'start', state: null, pane: prompts(null) })).toContain('no number of prompts');
});

test('a total that fell counts for nothing, and is said', () => {
  expect(promptsSince(12, 30)).toBe(18);
  expect(promptsSince(30, 12)).toBe(0);
  const fell = plan({
    action: 'end',
    provider: 'glm',
    pane: { raw_text: '', parsed: {}, prompts: 12 },
    state: { ...state('W0-01', 'before', 30), provider: 'glm' },
  });
  expect(fell.glmCounts).toMatchObject([{ prompts_used: 0 }]);
  expect(fell.problems).toMatchObject([{ code: 'negative-delta' }]);
});
