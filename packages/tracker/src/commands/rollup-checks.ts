import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RollupCheck } from '../events/verify.ts';
import { PROGRESS_FILE, SUMMARY_FILE } from '../keep-summary.ts';
import { systemErrorCode } from '../problem.ts';
import type { PriceMap } from '../rollups/cost/price-map.ts';
import { progressOf } from '../rollups/summary/progress-of.ts';
import { openFold, summaryOfFold, summaryText } from '../rollups/summary/summary-of.ts';
import { progressLog, zoneOfProgressLog } from '../views/text/progress-log.ts';
import { localZone } from './option-values.ts';

/** How `tracker verify` computes the files of sums again: from rows that were judged in full, with nothing kept. */
export function rollupChecks(dir: string, prices: PriceMap): readonly RollupCheck[] {
  const { fold, add } = openFold(zoneOf(join(dir, PROGRESS_FILE)));
  return [
    { file: SUMMARY_FILE, add, text: () => summaryText(summaryOfFold(fold, prices)) },
    { file: PROGRESS_FILE, add: () => undefined, text: () => progressLog(progressOf(fold, prices)) },
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
