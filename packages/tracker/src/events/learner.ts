import { statSync } from 'node:fs';
import type { Seeds } from '../learned-lines/text-hasher.ts';
import type { OwnTurns } from './own-turns.ts';

/** About a thousand rows: with less the parser is done sooner than all of this is loaded and compiled. */
const LOADS_FROM_BYTES = 1024 * 1024;
/** About a hundred rows: with less the parser is done sooner than anything is learned. */
const LEARNS_FROM_BYTES = 64 * 1024;

let ownTurns: ((seeds: Seeds) => OwnTurns) | null = null;

/** Loads what reads turns by what was learned. Without it they are read all the same, one by one. */
export async function loadLearner(): Promise<void> {
  ({ ownTurns } = await import('./own-turns.ts'));
}

/** To be called before a journal is read: loads it where the journal is large and has more than was read before. */
export async function readyToRead(path: string, readBytes = 0): Promise<void> {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (ownTurns === null && size >= LOADS_FROM_BYTES && size !== readBytes) await loadLearner();
}

/** Null: so many bytes are not worth it, or it is not loaded. */
export function learnerFor(bytes: number, seeds: Seeds): OwnTurns | null {
  return ownTurns !== null && bytes >= LEARNS_FROM_BYTES ? ownTurns(seeds) : null;
}
