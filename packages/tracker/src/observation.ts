import type { CccSnapshot } from '@ccp/contracts';
import type { Book } from './events/book.ts';
import type { ReadingKeeper } from './events/keep-readings.ts';
import type { KeptTurns } from './events/keep-turns.ts';
import type { Problem } from './problem.ts';
import type { Overview } from './rollups/overview.ts';

/** What an observation needs from outside. */
export interface Tracker {
  readonly ccpUrl: URL;
  readonly book: Book;
  readonly readings: ReadingKeeper;
  /** Epoch seconds. */
  readonly clock: () => number;
  /** Ends a running read. */
  readonly signal?: AbortSignal;
}

/** A reading as it was, or would have been, kept. */
export interface Recorded {
  readonly row: CccSnapshot;
  /** False: it says the same as the newest row of this shim. */
  readonly appended: boolean;
  /** The newest row of this shim before; null: none. */
  readonly previous: CccSnapshot | null;
  readonly overview: Overview;
  /** Turns that ended since the last look, as far as the shim listed them. */
  readonly turns: KeptTurns;
  readonly notes: readonly Problem[];
}

/** What the shim says now, or said last. */
export interface Observed {
  /** `none`: it does not answer and no reading is kept. */
  readonly state: 'live' | 'stale' | 'none';
  readonly snapshot: CccSnapshot | null;
  /** Why it is stale or absent, and what else is worth knowing. */
  readonly problems: readonly Problem[];
}
