import type { MetricsSummary } from '@ccp/contracts';
import type { Book } from './events/book.ts';
import { sessionEndRow, sessionRow, turnRows } from './events/session-rows.ts';
import type { SessionStart, SessionTurn } from './events/session-rows.ts';
import type { NewRow } from './events/book.ts';
import type { Outcome, Problem } from './problem.ts';
import type { Summarised } from './refresh-summary.ts';
import { uploadNow } from './upload-now.ts';
import type { Destination } from './uplink/post.ts';
import type { Sent } from './uplink/send.ts';
import type { Uplink } from './uplink/uplink.ts';

export interface SessionParts {
  readonly book: Book;
  readonly uplink: Uplink;
  /** Makes the summary anew and writes it. */
  readonly refresh: () => Promise<Outcome<Summarised>>;
  /** Where to send; a problem: nowhere yet. */
  readonly destination: () => Outcome<Destination>;
  readonly tier: 'local' | 'minimized' | 'full';
  readonly now: () => Date;
}

/** What an event did. `notes`: what is worth knowing although it was kept, such as a queue without room. */
export interface Logged {
  readonly id: string;
  readonly notes: readonly Problem[];
}

export interface SessionEvent extends SessionTurn {
  readonly type: 'turn';
}

/**
 * One session of a program, local first: an event is checked, appended to the journals, queued if the tier lets it leave,
 * and added to the summary, in this order; nothing on the way out stops what is kept here. Only `uploadMinimized` and
 * `endSession` open a connection, and none at the tier local.
 */
export interface SessionClient {
  /** Begins the session. Once per client. */
  startSession(start?: SessionStart): Promise<Outcome<Logged>>;
  logEvent(event: SessionEvent): Promise<Outcome<Logged>>;
  /** Ends the session and sends what waits, for at most `uploadMs` (default 5000; 0: does not send). */
  endSession(end?: { readonly notes?: string; readonly uploadMs?: number }): Promise<Outcome<Logged>>;
  /** Makes `metrics_summary.json` anew. */
  refreshSummary(): Promise<Outcome<MetricsSummary>>;
  /** Queues the summary as the tier lets it leave, and sends what waits, for at most `forMs` (default 30000). */
  uploadMinimized(options?: { readonly forMs?: number; readonly signal?: AbortSignal }): Promise<Outcome<Sent>>;
  /** Which tier is in force, and whether the license in force has what it takes. Sends nothing. */
  licenseHandshake(): Outcome<{ readonly tier: 'local' | 'minimized' | 'full' }>;
}

/** A refresh reads every row: it may cost this share of the time between two. */
const REFRESH_SHARE = 0.05;

export function sessionClient(parts: SessionParts): SessionClient {
  const { book, uplink, now } = parts;
  let sessionId: string | null = null;
  let ended = false;
  let [refreshedAt, refreshMs] = [-Infinity, 0];

  const keep = async (rows: readonly NewRow[], id: string): Promise<Outcome<Logged>> => {
    const added = await book.appendNew(rows);
    if (!added.ok) return added;
    const fed = await uplink.feed();
    const notes = [...added.value.notes, ...(fed.ok ? fed.value.notes : wordsOf(fed.problem))];
    if (performance.now() - refreshedAt > refreshMs / REFRESH_SHARE) {
      const refreshed = await refresh();
      if (!refreshed.ok) notes.push(refreshed.problem);
    }
    return { ok: true, value: { id, notes } };
  };
  const refresh = async (): Promise<Outcome<Summarised>> => {
    const started = performance.now();
    const refreshed = await parts.refresh();
    refreshedAt = performance.now();
    refreshMs = refreshedAt - started;
    return refreshed;
  };

  return {
    startSession: async (start = {}) => {
      if (sessionId !== null)
        return refuse('this client has begun its session already', 'Open another client for another session');
      const prepared = await uplink.prepare();
      if (!prepared.ok) return prepared;
      const { id, row } = sessionRow(start, parts.tier, now());
      const kept = await keep([row], id);
      if (kept.ok) sessionId = id;
      return kept;
    },
    logEvent: async (event) => {
      if (sessionId === null || ended) return refuse('no session is going on', 'Call startSession first');
      if (event.type !== 'turn')
        return refuse(`an event of type ${JSON.stringify(event.type)} is not known`, 'Log turns');
      const { type: _type, ...turn } = event;
      const { id, rows } = turnRows(sessionId, turn, now());
      return keep(rows, id);
    },
    endSession: async ({ notes = '', uploadMs = 5_000 } = {}) => {
      if (sessionId === null || ended) return refuse('no session is going on', 'Call startSession first');
      const kept = await keep([sessionEndRow(sessionId, notes, now())], sessionId);
      if (!kept.ok) return kept;
      ended = true;
      const told = [...kept.value.notes];
      const refreshed = await refresh();
      if (!refreshed.ok) told.push(refreshed.problem);
      else if (uploadMs > 0) {
        const sent = await uploadNow({ ...parts, summary: refreshed.value.summary, forMs: uploadMs });
        told.push(...(sent.ok ? sent.value.problems : wordsOf(sent.problem)));
      }
      return { ok: true, value: { id: sessionId, notes: told } };
    },
    refreshSummary: async () => {
      const refreshed = await refresh();
      return refreshed.ok ? { ok: true, value: refreshed.value.summary } : refreshed;
    },
    uploadMinimized: async ({ forMs = 30_000, signal } = {}) => {
      const allowed = uplink.allowed();
      if (!allowed.ok) return allowed;
      const refreshed = await refresh();
      if (!refreshed.ok) return refreshed;
      return uploadNow({ ...parts, summary: refreshed.value.summary, forMs, ...(signal && { signal }) });
    },
    licenseHandshake: () => {
      if (parts.tier === 'local') return { ok: true, value: { tier: 'local' } };
      const allowed = uplink.allowed();
      return allowed.ok ? { ok: true, value: { tier: allowed.value } } : allowed;
    },
  };
}

/** That nothing leaves at the tier local is not worth a word every time. */
function wordsOf(problem: Problem): readonly Problem[] {
  return problem.code === 'tier-local' ? [] : [problem];
}

function refuse(message: string, remedy: string): { readonly ok: false; readonly problem: Problem } {
  return { ok: false, problem: { code: 'unusable-input', message, remedy } };
}
