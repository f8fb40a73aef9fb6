import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RollupCheck } from '../events/verify.ts';
import { summaryCovers } from '../keep-summary.ts';
import { PROGRESS_FILE, SUMMARY_FILE } from '../summary-files.ts';
import { systemErrorCode } from '../problem.ts';
import type { PriceMap } from '../rollups/cost/price-map.ts';
import { progressOf } from '../rollups/summary/progress-of.ts';
import { openFold, summaryOfFold, summaryText } from '../rollups/summary/summary-of.ts';
import type { SummaryFold } from '../rollups/summary/summary-fold.ts';
import { progressLog, zoneOfProgressLog } from '../views/text/progress-log.ts';
import { localZone } from './option-values.ts';

/**
 * How `tracker verify` computes the files of sums again: from rows that were judged in full, with nothing kept but how far
 * the journals were read when the files were written.
 */
export function rollupChecks(dir: string, prices: PriceMap): readonly RollupCheck[] {
  const zone = zoneOf(join(dir, PROGRESS_FILE));
  const all = openFold(zone);
  const covers = summaryCovers(dir);
  const then = covers === null ? null : openFold(zone);
  let rowsSince = 0;
  const add: RollupCheck['add'] = (row, { journal, offset }) => {
    all.add(row);
    if (offset < (covers?.[journal] ?? 0)) then?.add(row);
    else rowsSince += 1;
  };
  const check = (file: string, text: (fold: SummaryFold) => string, adds: RollupCheck['add']): RollupCheck => ({
    file,
    add: adds,
    text: () => text(all.fold),
    ...(then !== null && { textThen: () => ({ text: text(then.fold), rowsSince }) }),
  });
  return [
    check(SUMMARY_FILE, (fold) => summaryText(summaryOfFold(fold, prices)), add),
    check(
      PROGRESS_FILE,
      (fold) => progressLog(progressOf(fold, prices)),
      () => undefined,
    ),
  ];
}

/** Whose days the file is about; where it does not say, any zone shows that it differs. */
function zoneOf(file: string): string {
  try {
    const zone = zoneOfProgressLog(readFileSync(file, 'utf8'));
    return zone === null ? localZone() : new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone;
  } catch (error) {
    if (error instanceof RangeError || systemErrorCode(error) !== undefined) return localZone();
    throw error;
  }
}
