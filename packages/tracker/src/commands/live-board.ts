import type { Usage, UsageEvent } from '@ccp/contracts';
import { record } from '../flow.ts';
import type { Tracker } from '../observation.ts';
import type { Board } from '../rollups/board/board.ts';
import type { PriceMap } from '../rollups/cost/price-map.ts';
import { followEvents } from '../sources/shim/follow-events.ts';
import { boardReader } from './board-reader.ts';
import { historyReader } from './history-reader.ts';
import type { HistoryReader } from './history-reader.ts';
import { journalFeed } from './journal-feed.ts';

/** A board that is kept up to date until its tracker is stopped. */
export interface LiveBoard {
  /** The newest one. */
  readonly current: () => Board;
  /** The answer of the shim behind it; null: none. */
  readonly usage: () => Usage | null;
  readonly history: HistoryReader;
  /** Resolves once the tracker is stopped. */
  readonly ended: Promise<void>;
}

export interface LiveListeners {
  readonly onBoard: (board: Board) => void;
  readonly onTurn: (event: UsageEvent) => void;
  readonly onHistory: () => void;
}

export interface LiveOptions {
  readonly tz: string;
  /** Seconds between two looks while nothing happens. */
  readonly intervalS: number;
  /** Whether what is seen is also kept in the journals. */
  readonly isRecording: boolean;
  /** What turns are reckoned with. */
  readonly prices: PriceMap;
}

/** Looks closer together than that show a person nothing more, and would keep a core busy. */
const LEAST_GAP_MS = 250;
/** What events alone tell is told sooner: a board of what is known already asks nobody. */
const LEAST_TELL_MS = 40;

/**
 * Looks at shim and journals at once when the shim tells of a turn, and every `intervalS` in any case. A crowd of events is
 * one look: the first starts it, the others wait for the next.
 */
export async function liveBoard(
  tracker: Tracker,
  { tz, intervalS, isRecording, prices }: LiveOptions,
  listeners: LiveListeners,
): Promise<LiveBoard> {
  // Read once for both: of a cold start most is the reading of windows.jsonl.
  const feed = journalFeed(tracker.book);
  const reader = boardReader(tracker, { tz }, feed);
  const history = historyReader(tracker, { tz, prices, feed });
  const { signal = new AbortController().signal } = tracker;
  let board = await reader.read();
  let lookedMs = -Infinity;
  let next: { readonly atMs: number; readonly timer: NodeJS.Timeout } | null = null;
  let isLooking = false;
  let isAskedAgain = false;

  const look = async (): Promise<void> => {
    isLooking = true;
    lookedMs = performance.now();
    if (isRecording) await record(tracker, 'changed');
    board = await reader.read();
    if (signal.aborted) return;
    listeners.onBoard(board);
    const usage = reader.usage();
    if (usage !== null && board.state === 'live') history.saw(usage);
    const isNew = [history.readJournals(), board.state === 'live' && (await history.readShim())].includes(true);
    if (isNew) listeners.onHistory();
    isLooking = false;
    plan(isAskedAgain ? LEAST_GAP_MS : intervalS * 1000);
    isAskedAgain = false;
  };
  /** At the earliest of what is planned already and so many milliseconds after the last look. */
  const plan = (afterMs: number): void => {
    const nowMs = performance.now();
    const atMs = Math.max(nowMs, lookedMs + afterMs);
    if (signal.aborted || (next !== null && next.atMs <= atMs)) return;
    clearTimeout(next?.timer);
    const timer = setTimeout(() => {
      next = null;
      look().catch(fail);
    }, atMs - nowMs);
    next = { atMs, timer };
  };
  const soon = (): void => {
    if (isLooking) isAskedAgain = true;
    else plan(LEAST_GAP_MS);
  };
  let telling: NodeJS.Timeout | null = null;
  let toldMs = -Infinity;
  const tellAgain = (): void => {
    telling = null;
    toldMs = performance.now();
    board = reader.again() ?? board;
    if (!signal.aborted) listeners.onBoard(board);
  };
  let fail: (error: unknown) => void = () => undefined;
  const failed = new Promise<void>((_, reject) => (fail = reject));
  const events = followEvents(tracker.ccpUrl, {
    signal,
    heard: (event) => {
      reader.heard(event);
      history.heard(event);
      listeners.onTurn(event);
      telling ??= setTimeout(tellAgain, Math.max(0, toldMs + LEAST_TELL_MS - performance.now()));
      soon();
    },
  });
  plan(0);
  const stopped = events.finally(() => {
    clearTimeout(next?.timer);
    clearTimeout(telling ?? undefined);
  });
  return { current: () => board, usage: reader.usage, history, ended: Promise.race([stopped, failed]) };
}
