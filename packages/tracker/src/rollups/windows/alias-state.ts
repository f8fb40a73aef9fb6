import type { Snapshot } from '@ccp/contracts';
import type { AliasState } from './alias.ts';
import { newestBy } from './newest.ts';

/** The state as the newest row of the provider tells it; null: it has none. A baseline of GLM is in no row. */
export function inferState(provider: string, snapshots: readonly Snapshot[]): AliasState | null {
  const newest = newestBy(
    snapshots.filter((row) => row.provider === provider),
    ({ captured_at: at }) => at,
  );
  if (newest === null) return null;
  return {
    provider,
    current_window: newest.window,
    last_phase: newest.phase === 'after' ? 'after' : 'before',
    baseline_prompts: null,
    updated_at: newest.captured_at,
  };
}
