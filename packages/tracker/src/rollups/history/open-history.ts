import type { ChurnRecord, UsageEvent, WindowRecord } from '@ccp/contracts';
import type { Reading } from '../../reading.ts';
import { merge, noTurns } from './cell.ts';
import type { Cell } from './cell.ts';
import { chooseRange } from './choose-range.ts';
import { heatOf } from './heat.ts';
import type { History, HistoryQuestion, Range } from './history.ts';
import { openMeterLog } from './meter-log.ts';
import type { MeterLog } from './meter-log.ts';
import { modelsOf } from './models-of.ts';
import { openOutcomeLog } from './outcome-log.ts';
import type { OutcomeLog } from './outcome-log.ts';
import type { PastTurn } from './past-turn.ts';
import { seriesOf, totalsOf } from './series-of.ts';
import { openReasons } from './reasons.ts';
import { timelineOf } from './timeline.ts';
import { openTurnLog, STEPS } from './turn-log.ts';

/**
 * The charts' memory: rows go in one by one, in any order, and a document for any range comes out at the cost of its
 * spans, however many rows there are.
 */
export interface HistoryLog {
  /** `isKept`: a journal holds it. False: nothing changed. */
  readonly addTurn: (turn: PastTurn, isKept: boolean) => boolean;
  readonly addReading: (reading: Reading) => void;
  readonly addWindow: (record: WindowRecord) => void;
  readonly addChurn: (record: ChurnRecord) => void;
  /** Why a turn went where it went, as the shim's events tell it. */
  readonly addEvent: (event: UsageEvent) => void;
  /** Before the rows of a journal are read from their start again. */
  forget(what: 'turns' | 'readings' | 'churn'): void;
  document(question: HistoryQuestion): History;
  /** Newest end of a turn, epoch seconds; null: none. */
  newestTs(): number | null;
}

const PRUNE_S = 600;

export function openHistory({ tz, priceMap }: { readonly tz: string; readonly priceMap: string }): HistoryLog {
  const turns = openTurnLog(tz);
  const meters = openMeterLog();
  const outcomes = openOutcomeLog();
  const reasons = openReasons();
  let prunedTs = -Infinity;
  const prune = (nowTs: number): void => {
    if (nowTs - prunedTs < PRUNE_S) return;
    prunedTs = nowTs;
    turns.prune(nowTs);
    meters.prune(nowTs);
  };
  return {
    addTurn: turns.add,
    addReading: meters.add,
    addWindow: outcomes.addWindow,
    addChurn: outcomes.addChurn,
    addEvent: reasons.add,
    forget: (what) => {
      if (what === 'readings') meters.clear();
      if (what === 'churn') outcomes.clearChurn();
      if (what !== 'turns') return;
      turns.clear();
      outcomes.clearWindows();
    },
    newestTs: () => turns.state().newestTs,
    document: (question) => {
      prune(question.nowTs);
      const windows = outcomes.windows();
      const range = chooseRange(question, windows);
      const { provider } = question;
      const grid = turns.grids[STEPS.findIndex(({ stepS }) => stepS === range.step_s)];
      const found = [...(grid?.cells(range.since_ts, range.until_ts) ?? [])].filter(
        ({ series }) => provider === null || series.provider === provider,
      );
      const spans = spansOf(range, found);
      const total = sum(found.map(({ cell }) => cell));
      const tracks = meters.tracks(range, provider);
      return {
        history_schema: 'v1',
        at: new Date(question.nowTs * 1000).toISOString(),
        tz,
        range,
        filters: { provider, window: range.name === 'window' ? question.window : null },
        choices: { providers: providersOf(turns.providers(), meters, outcomes), windows: windows.slice(0, 200) },
        rows: {
          turns: total.turns,
          unkept: total.unkept,
          readings: tracks.reduce((count, { points }) => count + points.length, 0),
        },
        ...seriesOf(range, spans),
        totals: totalsOf(total),
        models: modelsOf(range, found),
        heat: heatOf(turns.hours, range, { tz, provider }),
        meters: tracks,
        timeline: timelineOf(turns.marks(), range, { provider, reasons }),
        outcomes: { quality: outcomes.quality(range), churn: outcomes.churn(range, provider) },
        price_map: priceMap,
      };
    },
  };
}

/** One cell per span of the range, empty ones included. */
function spansOf(range: Range, found: readonly { readonly ts: number; readonly cell: Cell }[]): readonly Cell[] {
  const length = Math.round((range.until_ts - range.since_ts) / range.step_s);
  const spans = Array.from({ length }, noTurns);
  for (const { ts, cell } of found) {
    const span = spans[Math.round((ts - range.since_ts) / range.step_s)];
    if (span !== undefined) merge(span, cell);
  }
  return spans;
}

function sum(cells: readonly Cell[]): Cell {
  const total = noTurns();
  for (const cell of cells) merge(total, cell);
  return total;
}

function providersOf(ofTurns: readonly string[], meters: MeterLog, outcomes: OutcomeLog): readonly string[] {
  return [...new Set([...ofTurns, ...meters.providers(), ...outcomes.providers()])].toSorted();
}
