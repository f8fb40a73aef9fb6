import type { CountLine, Counts, LimitsLine, MetaLine } from './rollout-line.ts';

/** What one rollout has said so far. Plain JSON. */
export interface Rollout {
  path: string;
  /** Of its first line; null: not met yet. */
  sessionId: string | null;
  /** Sessions whose lines may stand copied at its start, the nearest first. */
  origins: string[];
  agent: string;
  model: string | null;
  /** When its first line was written, epoch seconds; null: not known. */
  startTs: number | null;
  /** A hash and the time of every change of its counts, copied ones among them: what forks of it are held against. */
  marks: number[];
  times: number[];
  /** Total counted up to here; null: nothing yet. */
  high: Counts | null;
  /** How often the counts began anew. */
  round: number;
  /** It is still within lines that may be copies. */
  isCopying: boolean;
  /** Where the copy goes on: session and index in its marks; null: no copied line was met. */
  copied: { readonly sessionId: string; readonly next: number } | null;
  /** The limits told last, as JSON; null: none yet. */
  limits: string | null;
  /** Read and not judged yet. */
  waiting: Waiting[];
}

export interface Waiting {
  /** Null: the line tells no counts, or those before it again. */
  readonly count: (CountLine & { readonly at: number; readonly model: string }) | null;
  readonly limits: LimitsLine | null;
  /** Counted from 1. */
  readonly line: number;
}

/** What one answer used. */
export interface Used {
  readonly delta: Counts;
  readonly total: Counts;
  readonly round: number;
  readonly ts: number;
  readonly model: string;
  readonly line: number;
}

export interface Judged {
  readonly used: readonly Used[];
  /** Limits where they changed, and in which line. */
  readonly limits: readonly (LimitsLine & { readonly line: number })[];
  /** Counts that were another session's, and counts that went back without beginning anew. */
  readonly copies: number;
  readonly backwards: number;
}

/** What a rollout says of a model before it names one. */
export const NO_MODEL = 'unknown';

export function newRollout(path: string): Rollout {
  return {
    path,
    sessionId: null,
    origins: [],
    agent: '',
    model: null,
    startTs: null,
    marks: [],
    times: [],
    high: null,
    round: 0,
    isCopying: true,
    copied: null,
    limits: null,
    waiting: [],
  };
}

/** The first one says whose rollout it is; the ones that follow are copies that tell where it comes from. */
export function addMeta(rollout: Rollout, { sessionId, originId, agent, ts }: MetaLine): void {
  if (rollout.sessionId === null) {
    rollout.sessionId = sessionId;
    rollout.agent = agent;
    rollout.startTs = ts;
  } else if (sessionId !== rollout.sessionId) addOrigin(rollout, sessionId);
  if (originId !== null && originId !== rollout.sessionId) addOrigin(rollout, originId);
}

function addOrigin(rollout: Rollout, sessionId: string): void {
  if (!rollout.origins.includes(sessionId)) rollout.origins.push(sessionId);
}

/** Adds what a line says of counts and limits. The same counts again are only shown again. */
export function addCounts(
  rollout: Rollout,
  said: { readonly count: CountLine | null; readonly limits: LimitsLine | null },
  line: number,
): void {
  const mark = said.count === null ? null : markOf(said.count);
  if (said.count === null || mark === null || rollout.marks.at(-1) === mark) {
    if (said.limits !== null) rollout.waiting.push({ count: null, limits: said.limits, line });
    return;
  }
  const at = rollout.marks.push(mark) - 1;
  rollout.times.push(said.count.ts);
  const count = { ...said.count, at, model: rollout.model ?? NO_MODEL };
  rollout.waiting.push({ count, limits: said.limits, line });
}

/** Copies are written at once when a session is forked; the first answer of its own takes longer. */
const COPIED_WITHIN_S = 1;
const CLOCKS_APART_S = 2;

/**
 * What the waiting counts say was used. A fork begins with its origin's counts under new times, so what stands in the
 * same order in an origin is the origin's. `originsOf` gives those rollouts that are there.
 */
export function judge(rollout: Rollout, origins: readonly Rollout[]): Judged {
  const used: Used[] = [];
  const limits: (LimitsLine & { readonly line: number })[] = [];
  let [copies, backwards] = [0, 0];
  /** Told between counts that may be copies: whether they are, the next count says. */
  let between: Waiting[] = [];
  const tell = ({ limits: told, line }: Waiting): void => {
    if (told === null) return;
    const text = JSON.stringify(told.fields);
    if (text !== rollout.limits) limits.push({ ...told, line });
    rollout.limits = text;
  };
  for (const waiting of rollout.waiting) {
    const { count, line } = waiting;
    if (count === null) {
      if (rollout.isCopying && (origins.length > 0 || rollout.origins.length > 0)) between.push(waiting);
      else tell(waiting);
      continue;
    }
    if (rollout.isCopying && isCopy(rollout, count, origins)) {
      copies += 1;
      rollout.high = count.total;
      between = [];
      continue;
    }
    rollout.isCopying = false;
    for (const earlier of between) tell(earlier);
    between = [];
    tell(waiting);
    const delta = deltaOf(rollout, count);
    if (delta === null) backwards += 1;
    else if (delta.input + delta.output > 0) {
      const { ts, total, model } = count;
      used.push({ delta, total, round: rollout.round, ts, model, line });
    }
  }
  rollout.waiting = between;
  return { used, limits, copies, backwards };
}

type WaitingCount = NonNullable<Waiting['count']>;

function isCopy(rollout: Rollout, { at: index, ts }: WaitingCount, origins: readonly Rollout[]): boolean {
  const { copied, startTs } = rollout;
  const mark = rollout.marks[index] ?? NaN;
  for (const origin of origins) {
    if (copied !== null && copied.sessionId !== origin.sessionId) continue;
    const at = copied === null ? origin.marks.indexOf(mark) : copied.next;
    if (origin.marks[at] !== mark || (origin.times[at] ?? Infinity) > ts + CLOCKS_APART_S) continue;
    rollout.copied = { sessionId: origin.sessionId ?? '', next: at + 1 };
    return true;
  }
  // The origin is not there to be asked: what was written in one go is taken for copied.
  return rollout.origins.length > 0 && origins.length === 0 && startTs !== null && ts <= startTs + COPIED_WITHIN_S;
}

/** Null: the counts went back. A counter that begins anew begins with its first answer, and not with one shown before. */
function deltaOf(rollout: Rollout, { total, last, at }: WaitingCount): Counts | null {
  const { high, marks } = rollout;
  // What a session starts with may be its origin's; the answer tells its own share.
  if (high === null) {
    rollout.high = total;
    return last ?? total;
  }
  if (KINDS.every((kind) => total[kind] >= high[kind])) {
    rollout.high = total;
    return difference(total, high);
  }
  const isFirst = last !== null && KINDS.every((kind) => total[kind] === last[kind]);
  if (!isFirst || marks.indexOf(marks[at] ?? NaN) !== at) return null;
  rollout.high = total;
  rollout.round += 1;
  return last;
}

const KINDS = ['input', 'cached', 'cacheWrite', 'output', 'reasoning'] as const;

function difference(one: Counts, other: Counts): Counts {
  return {
    input: one.input - other.input,
    cached: one.cached - other.cached,
    cacheWrite: one.cacheWrite - other.cacheWrite,
    output: one.output - other.output,
    reasoning: one.reasoning - other.reasoning,
  };
}

/** 53 bits of what the counts are: rows of them are compared, so that two alike in a row would have to be alike. */
function markOf({ total, last }: CountLine): number {
  let [high, low] = [0x9e3779b9, 0x85ebca6b];
  for (const counts of [total, last]) {
    for (const kind of KINDS) {
      const count = counts?.[kind] ?? -1;
      high = Math.imul(high ^ (count | 0), 0x01000193) ^ Math.floor(count / 2 ** 32);
      low = Math.imul(low ^ high, 0xc2b2ae35) ^ (low >>> 15);
    }
  }
  return (high >>> 0) * 2 ** 21 + ((low >>> 0) & 0x1fffff);
}
