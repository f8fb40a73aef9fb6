import { count, noTurns } from './cell.ts';
import type { Cell } from './cell.ts';
import type { PastTurn } from './past-turn.ts';

/** Sums per model and lane in spans of one length. */
export interface Grid {
  readonly stepS: number;
  add(turn: PastTurn, how: { by: 1 | -1; isKept: boolean }): void;
  /** Cells from one moment to before another, epoch seconds; each with the start of its span. */
  cells(
    sinceTs: number,
    untilTs: number,
  ): Generator<{ readonly ts: number; readonly series: Series; readonly cell: Cell }>;
  /** Lets go of what is older than it keeps. */
  prune(nowTs: number): void;
  clear(): void;
}

/** Turns that are counted together. */
export interface Series {
  readonly model: string;
  readonly lane: string | null;
  readonly provider: string;
}

interface Counted {
  readonly series: Series;
  readonly cell: Cell;
}

/** `placeOf` shifts a time before it is cut into spans: zone offsets, for hours of a local day. */
export function openGrid(
  { stepS, keepS }: { readonly stepS: number; readonly keepS: number },
  placeOf: (ts: number) => number = (ts) => ts,
): Grid {
  const spans = new Map<number, Map<string, Counted>>();
  let horizon = -Infinity;
  return {
    stepS,
    add: (turn, how) => {
      const at = Math.floor(placeOf(turn.ts) / stepS);
      if (at * stepS < horizon) return;
      let span = spans.get(at);
      if (span === undefined) spans.set(at, (span = new Map()));
      const name = `${turn.model}\n${turn.lane ?? ''}\n${turn.provider}`;
      let counted = span.get(name);
      if (counted === undefined) {
        const { model, lane, provider } = turn;
        span.set(name, (counted = { series: { model, lane, provider }, cell: noTurns() }));
      }
      count(counted.cell, turn, how);
    },
    *cells(sinceTs, untilTs) {
      const until = Math.ceil(untilTs / stepS);
      for (let at = Math.floor(sinceTs / stepS); at < until; at += 1)
        for (const { series, cell } of spans.get(at)?.values() ?? []) yield { ts: at * stepS, series, cell };
    },
    prune: (nowTs) => {
      horizon = placeOf(nowTs) - keepS;
      for (const at of spans.keys()) if (at * stepS < horizon) spans.delete(at);
    },
    clear: () => spans.clear(),
  };
}
