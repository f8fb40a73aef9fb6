import type { GlmCount, Snapshot } from '@ccp/contracts';
import type { Outcome, Problem } from '../../problem.ts';

/** What a tracker remembers of one provider between two commands (`state/<provider>.json`). */
export interface AliasState {
  readonly provider: string;
  readonly current_window: string;
  /** Null: nothing was kept yet. */
  readonly last_phase: 'before' | 'after' | null;
  /** Prompts of GLM when the window began; null: none, or another provider. */
  readonly baseline_prompts: number | null;
  /** ISO 8601. */
  readonly updated_at: string;
}

/** A pane, as it was read. */
export interface AliasPane {
  readonly raw_text: string;
  readonly parsed: Readonly<Record<string, unknown>>;
  /** GLM: prompts used so far; null: not readable. */
  readonly prompts?: number | null;
}

interface AliasAbout {
  readonly provider: string;
  /** Overrides the window that state and rows say. */
  readonly window?: string;
  /** Null: missing or unreadable; it is inferred from the rows. */
  readonly state: AliasState | null;
  /** Rows of any provider and window. */
  readonly snapshots: readonly Snapshot[];
  /** ISO 8601. */
  readonly nowAt: string;
}

export interface AliasReading extends AliasAbout {
  readonly action: 'start' | 'end' | 'cross';
  readonly pane: AliasPane;
  /** Instead of `alias:start` and the like. */
  readonly notes?: string;
  readonly source?: string;
  /** Of one of several agents that work at the same time; goes into the notes. */
  readonly agentId?: string;
}

export interface AliasDelete extends AliasAbout {
  readonly action: 'delete';
  /** From the end, counted from 1. Default 1. */
  readonly index?: number;
  readonly phase?: 'before' | 'after';
}

/** What a command would write. Nothing is written here. */
export interface AliasPlan {
  readonly snapshots: readonly Snapshot[];
  readonly glmCounts: readonly GlmCount[];
  /** The row to take back by a tombstone; null: none. */
  readonly removed: Snapshot | null;
  /** Null: nothing is left to remember. */
  readonly state: AliasState | null;
  /** What to tell people. */
  readonly lines: readonly string[];
  readonly problems: readonly Problem[];
}

export type AliasOutcome = Outcome<AliasPlan>;
