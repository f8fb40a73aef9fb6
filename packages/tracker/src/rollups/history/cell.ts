import type { PastTurn } from './past-turn.ts';
import { addTo, mergeInto } from './sketch.ts';
import type { Sketch } from './sketch.ts';

/** Sums of the turns of one span of time. */
export interface Cell {
  turns: number;
  input: number;
  output: number;
  cacheWrite: number;
  cacheRead: number;
  /** Output tokens and seconds behind the two rates. */
  timedOutput: number;
  streamS: number;
  dirtyS: number;
  timed: number;
  /** US dollars of the turns that have a price, and how many have none. */
  costUsd: number;
  unpriced: number;
  features: number;
  /** Turns that say how many features they added. */
  judged: number;
  /** Turns that no journal holds: the shim told of them. */
  unkept: number;
  readonly ttft: Sketch;
}

export function noTurns(): Cell {
  return {
    turns: 0,
    input: 0,
    output: 0,
    cacheWrite: 0,
    cacheRead: 0,
    timedOutput: 0,
    streamS: 0,
    dirtyS: 0,
    timed: 0,
    costUsd: 0,
    unpriced: 0,
    features: 0,
    judged: 0,
    unkept: 0,
    ttft: new Map(),
  };
}

/** Adds a turn; `by` -1 takes it back. */
export function count(cell: Cell, turn: PastTurn, { by, isKept }: { by: 1 | -1; isKept: boolean }): void {
  cell.turns += by;
  cell.input += by * turn.input;
  cell.output += by * turn.output;
  cell.cacheWrite += by * turn.cacheWrite;
  cell.cacheRead += by * turn.cacheRead;
  if (turn.dirtyS !== null && turn.streamS !== null) {
    cell.timed += by;
    cell.timedOutput += by * turn.output;
    cell.streamS += by * turn.streamS;
    cell.dirtyS += by * turn.dirtyS;
  }
  if (turn.costUsd === null) cell.unpriced += by;
  else cell.costUsd += by * turn.costUsd;
  if (turn.features !== null) {
    cell.features += by * turn.features;
    cell.judged += by;
  }
  if (!isKept) cell.unkept += by;
  if (turn.ttftMs !== null) addTo(cell.ttft, turn.ttftMs, by);
}

export function merge(into: Cell, from: Cell): void {
  into.turns += from.turns;
  into.input += from.input;
  into.output += from.output;
  into.cacheWrite += from.cacheWrite;
  into.cacheRead += from.cacheRead;
  into.timedOutput += from.timedOutput;
  into.streamS += from.streamS;
  into.dirtyS += from.dirtyS;
  into.timed += from.timed;
  into.costUsd += from.costUsd;
  into.unpriced += from.unpriced;
  into.features += from.features;
  into.judged += from.judged;
  into.unkept += from.unkept;
  mergeInto(into.ttft, from.ttft);
}

/** Output tokens per second; null: nothing was timed. */
export function rates({ timed, timedOutput, streamS, dirtyS }: Cell): {
  readonly elr: number | null;
  readonly dirty: number | null;
} {
  const over = (seconds: number): number | null => (timed > 0 && seconds > 0 ? timedOutput / seconds : null);
  return { elr: over(streamS), dirty: over(dirtyS) };
}

/** US dollars; null: no turn has a price. */
export function cost({ turns, unpriced, costUsd }: Cell): number | null {
  return turns > unpriced ? costUsd : null;
}
