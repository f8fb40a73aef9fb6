import type { Usage, UsageEvent } from '@ccp/contracts';
import type { RowIn } from '../events/book.ts';
import type { Cursor } from '../events/cursor.ts';
import type { JournalName } from '../events/journal-files.ts';
import { turnOfSample } from '../events/turn-event.ts';
import type { Tracker } from '../observation.ts';
import type { PriceMap } from '../rollups/cost/price-map.ts';
import { readingsOfUsage } from '../rollups/meters/from-usage.ts';
import type { History, HistoryQuestion } from '../rollups/history/history.ts';
import { openHistory } from '../rollups/history/open-history.ts';
import { toPastTurn } from '../rollups/history/past-turn.ts';
import { HORIZON_S } from '../rollups/history/turn-log.ts';
import { readSamples } from '../sources/shim/read-samples.ts';

/** The past of one tracker: read once, then only on. */
export interface HistoryReader {
  /** Reads what the journals have gained. True: something is new. */
  readJournals(): boolean;
  /** Asks the shim for turns that ended since; also those no journal holds count. True: something is new. */
  readShim(): Promise<boolean>;
  heard(event: UsageEvent): void;
  /** Bars in an answer of the shim, which no journal need hold. */
  saw(usage: Usage): void;
  document(question: Omit<HistoryQuestion, 'nowTs'>): History;
}

/** A turn is listed once the shim has it on disk, which may be a while after others that ended later. */
const OVERLAP_S = 5;

export function historyReader(tracker: Tracker, tz: string, prices: PriceMap): HistoryReader {
  const { book, ccpUrl, clock } = tracker;
  const log = openHistory({ tz, priceMap: prices.version });
  const cursors = new Map<JournalName, Cursor | null>();
  let seenTs: number | null = null;
  const readOn = <Name extends JournalName>(
    name: Name,
    forget: () => void,
    use: (row: RowIn<Name>) => void,
  ): boolean => {
    const followed = book.follow(name, cursors.get(name) ?? null);
    // A journal that can't be read is told by the board, which reads the same ones.
    if (!followed.ok) return false;
    const { restarted, rows, cursor } = followed.value;
    const isAnew = restarted !== null && restarted !== 'first';
    if (isAnew) forget();
    let isNew = isAnew;
    for (const found of rows) {
      if (!found.ok) continue;
      use(found.value.row);
      isNew = true;
    }
    cursors.set(name, cursor);
    return isNew;
  };
  const readWindows = (): boolean =>
    readOn(
      'windows.jsonl',
      () => {
        log.forget('turns');
        // Turns that only the shim tells of have to be asked for again.
        seenTs = null;
      },
      (row) => {
        if (row.kind === 'window') log.addWindow(row);
        if (row.kind !== 'turn') return;
        const turn = toPastTurn(row, prices);
        if (turn !== null) log.addTurn(turn, true);
      },
    );
  return {
    readJournals: () =>
      [
        readWindows(),
        readOn('readings.jsonl', () => log.forget('readings'), log.addReading),
        readOn('churn.jsonl', () => log.forget('churn'), log.addChurn),
      ].includes(true),
    readShim: async () => {
      const since = Math.max(0, (seenTs ?? clock() - HORIZON_S) - OVERLAP_S);
      let isNew = false;
      for await (const page of readSamples(ccpUrl, since, tracker)) {
        if (!page.ok) break;
        for (const sample of page.value.samples) {
          const turn = toPastTurn(turnOfSample(sample, page.value.receivedTs), prices);
          if (turn !== null && log.addTurn(turn, false)) isNew = true;
          seenTs = Math.max(seenTs ?? 0, sample.ts);
        }
      }
      return isNew;
    },
    heard: log.addEvent,
    saw: (usage) => readingsOfUsage(usage).readings.forEach(log.addReading),
    document: (question) => log.document({ ...question, nowTs: clock() }),
  };
}
