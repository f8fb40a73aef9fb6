import { randomUUID } from 'node:crypto';
import type { Cost, Decision, Feature, Measurement, PrivacyTier, Turn, Value } from '@ccp/contracts';
import type { NewRow } from './book.ts';
import { glmTurnOf } from './turn-event.ts';

/** What is known of a session when it begins; the rest is empty. */
export interface SessionStart {
  /** An id of the caller's; else a new one. */
  readonly sessionId?: string;
  /** Id of the repository; not a path. */
  readonly repoId?: string;
  readonly branch?: string;
  readonly commit?: string;
  readonly licenseId?: string;
  readonly metadata?: Readonly<Record<string, unknown>>;
}

/** A turn and what came of it. `tokens_in`, `tokens_out` and `model` must be given. */
export interface SessionTurn {
  readonly turn: Pick<Turn, 'model' | 'tokens_in' | 'tokens_out'> & Partial<Omit<Turn, 'session_id'>>;
  readonly measurement?: Measurement;
  readonly feature?: Feature;
  readonly cost?: Cost;
  readonly value?: Value;
  readonly decision?: Decision;
}

/** The row of a session that begins. */
export function sessionRow(
  start: SessionStart,
  tier: PrivacyTier,
  now: Date,
): { readonly id: string; readonly row: NewRow } {
  const id = start.sessionId ?? randomUUID();
  const at = now.toISOString();
  const session = {
    session_id: id,
    repo_id: start.repoId ?? '',
    branch: start.branch ?? '',
    commit: start.commit ?? '',
    license_id: start.licenseId ?? '',
    privacy_tier: tier,
    created_at: at,
    metadata: { ...start.metadata },
  };
  const row = { kind: 'session', type: 'session', event_id: `session:${id}`, captured_at: at, source: 'api', session };
  return { id, row: row as NewRow };
}

/** The rows of a turn: one, and for GLM one more in its own journal. */
export function turnRows(
  sessionId: string,
  { turn, ...parts }: SessionTurn,
  now: Date,
): { readonly id: string; readonly rows: readonly NewRow[] } {
  const id = turn.turn_id ?? randomUUID();
  const row = {
    kind: 'turn',
    type: 'turn',
    event_id: `turn:${sessionId}:${id}`,
    captured_at: now.toISOString(),
    source: 'api',
    turn: {
      subagent: '',
      input_kind: 'text',
      latency_ms: null,
      attribution: { [turn.model]: 1 },
      capacity_used: null,
      ts: now.getTime() / 1000,
      usage_known: true,
      ...turn,
      turn_id: id,
      session_id: sessionId,
    },
    ...parts,
  } as const;
  const glm = typeof turn.model === 'string' ? glmTurnOf(row) : null;
  return { id, rows: [row, ...(glm === null ? [] : [{ ...glm, kind: 'glm_turn' as const }])] };
}

/** The row of a session that ends. */
export function sessionEndRow(sessionId: string, notes: string, now: Date): NewRow {
  const at = now.toISOString();
  return {
    kind: 'session_end',
    type: 'session_end',
    event_id: `session_end:${sessionId}`,
    captured_at: at,
    source: 'api',
    session_id: sessionId,
    ended_at: at,
    notes,
  };
}
