import type { GlmCount } from '@ccp/contracts';
import type { Problem } from '../../problem.ts';
import type { AliasOutcome, AliasReading, AliasState } from './alias.ts';
import { nextWindowId } from './window-id.ts';

interface Standing {
  readonly state: AliasState | null;
  readonly window: string;
}

/** GLM has no bar: `start` keeps the total as a baseline, `end` and `cross` count what came on top of it. */
export function planGlm(request: AliasReading, { state, window }: Standing): AliasOutcome {
  const { action, pane, nowAt } = request;
  const total = pane.prompts ?? null;
  if (total === null || !Number.isFinite(total) || total < 0) {
    return refused({ code: 'insufficient-data', message: 'no number of prompts could be read for glm' });
  }
  const base = { snapshots: [], removed: null };
  const next = { provider: 'glm', baseline_prompts: total, updated_at: nowAt };
  if (action === 'start') {
    const lines = [`stored glm baseline for ${window} (prompts=${total})`];
    const kept: AliasState = { ...next, current_window: window, last_phase: 'before' };
    return { ok: true, value: { ...base, glmCounts: [], state: kept, lines, problems: [] } };
  }
  const baseline = state?.baseline_prompts ?? null;
  if (baseline === null) {
    return refused({
      code: 'no-snapshot',
      message: `no glm baseline found for window ${window}`,
      remedy: 'Store one first: tracker alias start glm',
    });
  }
  const delta = promptsSince(baseline, total);
  const following = action === 'cross' ? nextWindowId(window) : window;
  const kept: AliasState = {
    ...next,
    current_window: following,
    last_phase: action === 'cross' ? 'before' : 'after',
  };
  const lines = [
    `stored glm delta for ${window} (prompts=${delta})`,
    ...(action === 'cross' ? [`stored glm baseline for ${following} (prompts=${total})`] : []),
  ];
  const problems: Problem[] = total < baseline ? [fell(baseline, total)] : [];
  return { ok: true, value: { ...base, glmCounts: [countOf(request, window, delta)], state: kept, lines, problems } };
}

/** Prompts on top of the baseline; a total that fell says nothing and counts for none. */
export function promptsSince(baseline: number, total: number): number {
  return Math.max(total - baseline, 0);
}

function countOf(request: AliasReading, window: string, prompts: number): GlmCount {
  const { action, pane, nowAt, notes, source, agentId } = request;
  const words = notes ?? (action === 'cross' ? 'alias:cross-end' : 'alias:end');
  return {
    kind: 'glm_count',
    window,
    provider: 'glm',
    captured_at: nowAt,
    notes: agentId === undefined ? words : `${words} agent=${agentId}`,
    raw_text: pane.raw_text,
    parsed: { ...pane.parsed },
    source: source ?? 'alias',
    prompts_used: prompts,
  };
}

function fell(baseline: number, total: number): Problem {
  return {
    code: 'negative-delta',
    message: `the prompts of glm fell from ${baseline} to ${total}, so none were counted`,
    remedy: 'The counter was reset, or another account was read',
  };
}

function refused(problem: Problem): AliasOutcome {
  return { ok: false, problem };
}
