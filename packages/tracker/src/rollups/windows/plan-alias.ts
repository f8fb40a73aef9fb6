import type { Snapshot } from '@ccp/contracts';
import type { Problem } from '../../problem.ts';
import { inferState } from './alias-state.ts';
import type { AliasDelete, AliasOutcome, AliasPlan, AliasReading, AliasState } from './alias.ts';
import { planGlm } from './glm-alias.ts';
import { byTime } from './newest.ts';
import { FIRST_WINDOW, nextWindowId } from './window-id.ts';

/** What `start`, `end`, `cross` or `delete` would write, or why it can't. */
export function planAlias(request: AliasReading | AliasDelete): AliasOutcome {
  if (request.action === 'delete') return planDelete(request);
  const state = request.state ?? inferState(request.provider, request.snapshots);
  const window = windowOf(request, state);
  if (request.provider === 'glm') return planGlm(request, { state, window });
  return request.action === 'start' ? planStart(request, window) : planEnd(request, window);
}

/** A start after an end begins the next window; everything else goes on with the current one. */
function windowOf({ action, window }: AliasReading, state: AliasState | null): string {
  if (window !== undefined) return window;
  if (state === null) return FIRST_WINDOW;
  const isOver = action === 'start' && state.last_phase === 'after';
  return isOver ? nextWindowId(state.current_window) : state.current_window;
}

function planStart(request: AliasReading, window: string): AliasOutcome {
  const { provider } = request;
  const begun = request.snapshots.some((row) => isReading(row, { provider, window, phase: 'before' }));
  return planned({
    snapshots: [rowOf(request, { window, phase: 'before', notes: 'alias:start' })],
    state: stateOf(request, window, 'before'),
    lines: [`stored ${provider} before snapshot for ${window} (awaiting end)`],
    problems: begun ? [begunTwice(provider, window)] : [],
  });
}

function planEnd(request: AliasReading, window: string): AliasOutcome {
  const { provider, snapshots, action } = request;
  if (!snapshots.some((row) => isReading(row, { provider, window, phase: 'before' }))) {
    return refused({
      code: 'no-snapshot',
      message: `no BEFORE snapshot found for ${provider} in window ${window}`,
      remedy: `Store one first: tracker alias start ${provider} --window ${window}`,
    });
  }
  const stored = `stored ${provider} after snapshot for ${window} (ready to finalize)`;
  if (action === 'end') {
    return planned({
      snapshots: [rowOf(request, { window, phase: 'after', notes: 'alias:end' })],
      state: stateOf(request, window, 'after'),
      lines: [stored],
    });
  }
  const next = nextWindowId(window);
  const begun = snapshots.some((row) => isReading(row, { provider, window: next, phase: 'before' }));
  return planned({
    snapshots: [
      rowOf(request, { window, phase: 'after', notes: 'alias:cross-end' }),
      rowOf(request, { window: next, phase: 'before', notes: 'alias:cross-start' }),
    ],
    state: stateOf(request, next, 'before'),
    lines: [stored, `seeded before snapshot for ${next}`],
    problems: begun ? [begunTwice(provider, next)] : [],
  });
}

function planDelete(request: AliasDelete): AliasOutcome {
  const { provider, window, phase, index = 1, snapshots } = request;
  const matching = byTime(
    snapshots.filter((row) => isReading(row, { provider, window, phase })),
    ({ captured_at: at }) => at,
  );
  const removed = Number.isInteger(index) && index >= 1 ? matching.at(-index) : undefined;
  if (removed === undefined) {
    return refused({
      code: 'no-snapshot',
      message: `no snapshot found to delete: ${matching.length} match, number ${index} from the end was asked for`,
      remedy: 'Look at them with: tracker window-audit --window ID',
    });
  }
  const rest = snapshots.filter((row) => row !== removed);
  return planned({
    removed,
    state: inferState(provider, rest),
    lines: [`removed ${provider} ${removed.phase} snapshot for ${removed.window} (captured_at=${removed.captured_at})`],
  });
}

interface Which {
  readonly provider: string;
  readonly window?: string | undefined;
  readonly phase?: string | undefined;
}

function isReading(row: Snapshot, { provider, window, phase }: Which): boolean {
  return (
    row.provider === provider &&
    (window === undefined || row.window === window) &&
    (phase === undefined || row.phase === phase)
  );
}

interface Place {
  readonly window: string;
  readonly phase: 'before' | 'after';
  readonly notes: string;
}

function rowOf({ provider, pane, nowAt, notes, source, agentId }: AliasReading, place: Place): Snapshot {
  const words = notes ?? place.notes;
  return {
    kind: 'snapshot',
    window: place.window,
    provider,
    phase: place.phase,
    captured_at: nowAt,
    notes: agentId === undefined ? words : `${words} agent=${agentId}`,
    raw_text: pane.raw_text,
    parsed: { ...pane.parsed },
    source: source ?? 'alias',
  };
}

function stateOf({ provider, nowAt }: AliasReading, window: string, phase: 'before' | 'after'): AliasState {
  return { provider, current_window: window, last_phase: phase, baseline_prompts: null, updated_at: nowAt };
}

function begunTwice(provider: string, window: string): Problem {
  return {
    code: 'duplicate-before',
    message: `${window} of ${provider} was begun before; it is counted from the newest reading`,
    remedy: `Take it back with: tracker alias delete ${provider}`,
  };
}

function planned(plan: Partial<AliasPlan>): AliasOutcome {
  const value = { snapshots: [], glmCounts: [], removed: null, state: null, lines: [], problems: [], ...plan };
  return { ok: true, value };
}

function refused(problem: Problem): AliasOutcome {
  return { ok: false, problem };
}
