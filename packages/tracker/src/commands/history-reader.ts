import type { Usage, UsageEvent } from '@ccp/contracts';
import { turnOfSample } from '../events/turn-event.ts';
import type { Tracker } from '../observation.ts';
import type { PriceMap } from '../rollups/cost/price-map.ts';
import { readingsOfUsage } from '../rollups/meters/from-usage.ts';
import type { History, HistoryQuestion } from '../rollups/history/history.ts';
import { openHistory } from '../rollups/history/open-history.ts';
import { toPastTurn } from '../rollups/history/past-turn.ts';
import { HORIZON_S } from '../rollups/history/turn-log.ts';
import { readSamples } from '../sources/shim/read-samples.ts';
import type { JournalFeed } from './journal-feed.ts';

/** The past of one tracker: read once, then only on. */
export interface HistoryReader {
  /** Reads what the journals have gained. True: something is new since the last time it was asked. */
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
const JOURNALS = ['windows.jsonl', 'readings.jsonl', 'churn.jsonl'] as const;

export function historyReader(
  tracker: Tracker,
  { tz, prices, feed }: { readonly tz: string; readonly prices: PriceMap; readonly feed: JournalFeed },
): HistoryReader {
  const { ccpUrl, clock } = tracker;
  const log = openHistory({ tz, priceMap: prices.version });
  let seenTs: number | null = null;
  let revision = 0;
  feed.to('windows.jsonl', {
    take: (row) => {
      if (row.kind === 'window') log.addWindow(row);
      if (row.kind !== 'turn') return;
      const turn = toPastTurn(row, prices);
      if (turn !== null) log.addTurn(turn, true);
    },
    forget: () => {
      log.forget('turns');
      // Turns that only the shim tells of have to be asked for again.
      seenTs = null;
    },
  });
  feed.to('readings.jsonl', { take: log.addReading, forget: () => log.forget('readings') });
  feed.to('churn.jsonl', { take: log.addChurn, forget: () => log.forget('churn') });
  return {
    readJournals: () => {
      const before = revision;
      // A journal that can't be read is told by the board, which reads the same ones.
      revision = JOURNALS.reduce((sum, name) => sum + feed.read(name).revision, 0);
      return revision !== before;
    },
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
