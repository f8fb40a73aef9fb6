import { addMeter, modelKey } from './meter.ts';
import type { Meter } from './meter.ts';
import type { Parsed, Sight } from './pane.ts';

/** What any source says of a Claude subscription; percentage points used. */
export interface ClaudeParsed extends Parsed {
  readonly session_pct: number | null;
  readonly session_resets: string | null;
  readonly all_models_pct: number | null;
  readonly all_models_resets: string | null;
  readonly opus_pct: number | null;
  /** Week of single models by name. */
  readonly model_scoped?: Readonly<Record<string, number | null>>;
}

/** A window of a Claude subscription as one source gives it. */
export interface ClaudeWindow {
  readonly scope: 'session' | 'all' | { readonly model: string };
  /** Name at its source. */
  readonly meter: string;
  readonly usedPp: number | null;
  /** As the source gives it, for `parsed`. */
  readonly resets: string | null;
  /** ISO 8601 UTC. */
  readonly resetsAt: string | null;
}

export type ClaudeOrigin = Pick<Meter, 'source' | 'confidence'> &
  Partial<Pick<Meter, 'observedAt' | 'account' | 'status'>>;

/** Adds the windows as readings and gives them in the keys of a snapshot. A meter told in two ways is used in none. */
export function addClaudeWindows(
  sight: Sight,
  windows: readonly ClaudeWindow[],
  origin: ClaudeOrigin,
): Omit<ClaudeParsed, 'errors'> {
  const byScope = new Map<string, ClaudeWindow>();
  for (const window of windows) {
    const key = scopeKey(window);
    const before = byScope.get(key);
    if (before === undefined || before.usedPp === null) byScope.set(key, window);
    else if (window.usedPp !== null && differs(window.usedPp, before.usedPp)) {
      byScope.set(key, { ...before, usedPp: NaN });
      sight.note({ code: 'divergent', message: `${before.meter} is given with different numbers; none is used` });
    }
  }
  for (const window of byScope.values()) addWindow(sight, window, origin);
  const pct = (key: string): number | null => orNull(byScope.get(key)?.usedPp);
  const models = [...byScope].filter(([key]) => key.startsWith('model:'));
  const scoped = Object.fromEntries(models.map(([key, { usedPp }]) => [key.slice('model:'.length), orNull(usedPp)]));
  return {
    session_pct: pct('session'),
    session_resets: byScope.get('session')?.resets ?? null,
    all_models_pct: pct('all'),
    all_models_resets: byScope.get('all')?.resets ?? null,
    opus_pct: pct('model:opus'),
    ...(models.length === 0 ? {} : { model_scoped: scoped }),
  };
}

function addWindow(sight: Sight, { scope, meter, usedPp, resetsAt }: ClaudeWindow, origin: ClaudeOrigin): void {
  const known = orNull(usedPp);
  if (known === null) return;
  addMeter(sight, {
    ...origin,
    provider: 'claude',
    scope: typeof scope === 'string' ? 'all' : `model:${modelKey(scope.model)}`,
    windowMin: windowMinutes(scope),
    usedPp: known,
    resetsAt,
    meter,
  });
}

/** Minutes of the window. */
export function windowMinutes(scope: ClaudeWindow['scope']): number {
  return scope === 'session' ? 300 : 10_080;
}

function scopeKey({ scope }: ClaudeWindow): string {
  return typeof scope === 'string' ? scope : `model:${modelKey(scope.model)}`;
}

/** The vendor gives one meter as an integer here and with decimals there. */
function differs(one: number, other: number): boolean {
  return !(Math.abs(one - other) < 1);
}

/** NaN marks a meter whose sources differ. */
function orNull(usedPp: number | null | undefined): number | null {
  return usedPp === undefined || usedPp === null || Number.isNaN(usedPp) ? null : usedPp;
}
