import { isFields } from '../panes/json-fields.ts';
import type { ScanState } from '../scan/scan.ts';
import { newRollout } from './rollout.ts';
import type { Rollout } from './rollout.ts';

/** What has been read of rollouts: how far each file, and what it said. Plain JSON; about 30 bytes for each answer. */
export interface CodexState {
  readonly version: 1;
  readonly scan: ScanState;
  /** By the id of their file. */
  readonly rollouts: Readonly<Record<string, Rollout>>;
}

/** The rollouts of a state that was kept; null: it is no state of ours, so everything is read again. */
export function rolloutsIn(state: unknown): Map<string, Rollout> | null {
  if (!isFields(state) || state['version'] !== 1 || !isFields(state['rollouts'])) return null;
  const entries = Object.entries(structuredClone(state['rollouts']));
  return entries.every((entry): entry is [string, Rollout] => isRollout(entry[1])) ? new Map(entries) : null;
}

/** Whether it has the shape of ours: what is in it we wrote. */
function isRollout(value: unknown): value is Rollout {
  if (!isFields(value) || typeof value['path'] !== 'string') return false;
  const { marks, times, origins, waiting } = value;
  if (!Array.isArray(marks) || !Array.isArray(times) || !Array.isArray(origins) || !Array.isArray(waiting))
    return false;
  return marks.length === times.length && Object.keys(newRollout('')).every((key) => key in value);
}
