import { basename, join } from 'node:path';
import type { Problem } from '../../problem.ts';
import type { Reading } from '../../reading.ts';
import type { LogTurn } from '../log-turn.ts';
import { parseCodexRollout } from '../panes/codex-json.ts';
import { isFields } from '../panes/json-fields.ts';
import { missingFolders } from '../scan/missing-folders.ts';
import type { SeenLine } from '../scan/read-lines.ts';
import { openScan } from '../scan/scan.ts';
import type { SeenFile, TickOptions, Ticked } from '../scan/scan.ts';
import { rolloutsIn } from './codex-state.ts';
import type { CodexState } from './codex-state.ts';
import { MARKERS, rolloutLine } from './rollout-line.ts';
import { addCounts, addMeta, judge, newRollout } from './rollout.ts';
import type { Judged, Rollout, Used } from './rollout.ts';

export interface CodexLogOptions {
  /** Homes of Codex: folders that hold `sessions/` or `archived_sessions/`. */
  readonly roots: readonly string[];
  /** What `state` gave in an earlier run. */
  readonly state?: unknown;
}

/** What one look at the rollouts gave. */
export interface CodexTick extends Ticked {
  /** In the order of time. A turn replaces one with its key. */
  readonly turns: readonly LogTurn[];
  /** The account's limits as they were told beside the counts, where they changed; in the order of time. */
  readonly readings: readonly Reading[];
  /** Counts passed over: copies of another session's, and counts that went back without beginning anew. */
  readonly copies: number;
  readonly backwards: number;
}

export interface CodexLog {
  tick(options?: TickOptions): CodexTick;
  /** Plain JSON. Handed in again, it goes on where this one stands. */
  state(): CodexState;
}

/** Follows the rollouts below the homes of Codex. */
export function openCodexLog({ roots, state }: CodexLogOptions): CodexLog {
  const before = rolloutsIn(state);
  const rollouts = before ?? new Map<string, Rollout>();
  const missing = missingFolders('Give the folder that holds sessions/: --codex-home DIR, normally ~/.codex');
  const scan = openScan({
    roots: () => roots.flatMap((root) => [join(root, 'sessions'), join(root, 'archived_sessions')]),
    accepts: (name) => name.startsWith('rollout-') && name.endsWith('.jsonl'),
    markers: MARKERS,
    state: before === null || !isFields(state) ? null : state['scan'],
  });
  const rolloutOf = ({ id, path }: SeenFile): Rollout => {
    const known = rollouts.get(id) ?? newRollout(path);
    rollouts.set(id, known);
    known.path = path;
    return known;
  };
  const line = (file: SeenFile, { bytes, start, end, line: at, isEnded }: SeenLine): string | null => {
    // Counts are held against those before them, so each is taken once.
    if (!isEnded) return null;
    const read = rolloutLine(bytes.toString('utf8', start, end));
    if (!read.ok) return read.why;
    const { says, limits } = read.line;
    const rollout = rolloutOf(file);
    if (says?.kind === 'meta') addMeta(rollout, says);
    else if (says?.kind === 'model') rollout.model = says.model;
    else addCounts(rollout, { count: says, limits }, at);
    return null;
  };

  return {
    tick(options) {
      const news = missing(roots);
      const ticked = scan.tick(
        { line, begins: (file) => rollouts.set(file.id, newRollout(file.path)), gone: () => undefined },
        options,
      );
      const found: Found[] = [];
      // What a rollout copied can be told only once those it may have copied have been read.
      if (!ticked.more) {
        const bySession = sessionsOf(rollouts.values());
        for (const rollout of rollouts.values()) {
          if (rollout.waiting.length === 0) continue;
          found.push({ rollout, judged: judge(rollout, originsOf(rollout, bySession)) });
        }
      }
      const { readings, problems } = readingsOf(found);
      return {
        ...ticked,
        turns: found.flatMap(({ rollout, judged }) => judged.used.map((used) => toTurn(rollout, used))).sort(byTime),
        readings,
        copies: found.reduce((sum, { judged }) => sum + judged.copies, 0),
        backwards: found.reduce((sum, { judged }) => sum + judged.backwards, 0),
        problems: [...news, ...ticked.problems, ...problems],
      };
    },
    state: () => ({ version: 1, scan: scan.state(), rollouts: Object.fromEntries(rollouts) }),
  };
}

interface Found {
  readonly rollout: Rollout;
  readonly judged: Judged;
}

function sessionsOf(rollouts: Iterable<Rollout>): ReadonlyMap<string, readonly Rollout[]> {
  const sessions = new Map<string, Rollout[]>();
  for (const rollout of rollouts) {
    if (rollout.sessionId === null) continue;
    const known = sessions.get(rollout.sessionId);
    if (known === undefined) sessions.set(rollout.sessionId, [rollout]);
    else known.push(rollout);
  }
  return sessions;
}

/** Rollouts whose lines may stand at its start, the nearest first; of several files of its own session the earlier ones. */
function originsOf(rollout: Rollout, sessions: ReadonlyMap<string, readonly Rollout[]>): readonly Rollout[] {
  const own = sessions.get(rollout.sessionId ?? '') ?? [];
  const earlier = own.filter((other) => other !== rollout && isEarlier(other, rollout));
  return [...earlier, ...rollout.origins.flatMap((id) => sessions.get(id) ?? [])];
}

function isEarlier(one: Rollout, other: Rollout): boolean {
  const [oneTs, otherTs] = [one.startTs ?? Infinity, other.startTs ?? Infinity];
  return oneTs === otherTs ? one.path < other.path : oneTs < otherTs;
}

function toTurn(rollout: Rollout, { delta, total, round, ts, model, line }: Used): LogTurn {
  const sessionId = rollout.sessionId ?? basename(rollout.path, '.jsonl');
  return {
    source: 'codex-log',
    // The counts only ever grow within a round, so they name the answer.
    key: `cx:${sessionId}:${round}:${total.input}.${total.output}`,
    requestId: null,
    ts,
    sessionId,
    agent: rollout.agent,
    model,
    inputTokens: Math.max(0, delta.input - delta.cached - delta.cacheWrite),
    outputTokens: delta.output,
    cacheWrite5mTokens: delta.cacheWrite,
    cacheWrite1hTokens: 0,
    cacheReadTokens: delta.cached,
    file: rollout.path,
    line,
  };
}

function byTime(one: LogTurn, other: LogTurn): number {
  return one.ts - other.ts || (one.key < other.key ? -1 : 1);
}

function readingsOf(found: readonly Found[]): {
  readonly readings: readonly Reading[];
  readonly problems: readonly Problem[];
} {
  const readings: Reading[] = [];
  const problems = new Map<string, Problem>();
  for (const { rollout, judged } of found) {
    for (const { at, fields, line } of judged.limits) {
      const text = JSON.stringify({ timestamp: at, payload: { rate_limits: fields } });
      const read = parseCodexRollout(text, { observedAt: at });
      readings.push(...read.readings);
      // A reset that has passed is of every old log.
      for (const problem of read.problems)
        if (problem.code !== 'window-expired' && !problems.has(problem.message))
          problems.set(problem.message, { ...problem, file: rollout.path, line });
    }
  }
  readings.sort((a, b) => Date.parse(a.observed_at) - Date.parse(b.observed_at));
  return { readings, problems: [...problems.values()] };
}
