import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { MetricsSummary } from '@ccp/contracts';
import { replaceFile } from './events/replace-file.ts';
import { systemErrorCode } from './problem.ts';
import type { Outcome, Problem } from './problem.ts';
import type { PriceMap } from './rollups/cost/price-map.ts';
import { newestTime } from './rollups/summary/newest-time.ts';
import { progressOf } from './rollups/summary/progress-of.ts';
import type { SummaryFold } from './rollups/summary/summary-fold.ts';
import { summaryOfFold, summaryText } from './rollups/summary/summary-of.ts';
import { progressLog } from './views/text/progress-log.ts';

export const SUMMARY_FILE = 'metrics_summary.json';
export const PROGRESS_FILE = 'progress.log.md';

const FILES = [SUMMARY_FILE, PROGRESS_FILE] as const;

export interface ToWrite {
  readonly fold: SummaryFold;
  /** Time of the newest row of each journal (ISO 8601). */
  readonly newestAts: readonly string[];
  readonly prices: PriceMap;
}

export function writeFiles(dir: string, { fold, newestAts, prices }: ToWrite): Outcome<MetricsSummary> {
  const newest = newestTime();
  for (const at of newestAts) newest.see(at);
  const summary = summaryOfFold(fold, prices, newest.at());
  const texts = [summaryText(summary), progressLog(progressOf(fold, prices))];
  for (const [at, file] of FILES.entries()) {
    const text = texts[at] ?? '';
    if (textOf(join(dir, file)) === text) continue;
    const replaced = replaceFile(join(dir, file), text);
    if (!replaced.ok) return replaced;
  }
  return { ok: true, value: summary };
}

/** What the files were made with, and how they looked then. */
export interface Written {
  readonly priceMap: string;
  readonly looks: readonly (string | null)[];
}

export function writtenNow(dir: string, prices: PriceMap): Written {
  return { priceMap: prices.version, looks: FILES.map((file) => lookOf(join(dir, file))) };
}

/** Whether the files are as they were written, by these prices. */
export function isWritten(dir: string, written: Written | null, prices: PriceMap): boolean {
  const now = writtenNow(dir, prices);
  return (
    written !== null &&
    written.priceMap === now.priceMap &&
    now.looks.every((look, at) => look !== null && look === written.looks[at])
  );
}

/** Changes when a file is written or replaced; null: there is none. */
function lookOf(file: string): string | null {
  const stat = statSync(file, { bigint: true, throwIfNoEntry: false });
  return stat === undefined ? null : [stat.ino, stat.size, stat.mtimeNs].join(':');
}

/** Null: it can't be read, so it is written. */
function textOf(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
    return null;
  }
}

export function unwritable(dir: string, code: string): Problem {
  const remedy = 'Choose a folder you may write to and that has room: --data-dir DIR (TRACKER_DATA_DIR)';
  return { code: 'journal-unwritable', file: dir, message: `the summary in ${dir} cannot be kept (${code})`, remedy };
}
