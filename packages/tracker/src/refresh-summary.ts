import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseMetricsSummary } from '@ccp/contracts';
import type { MetricsSummary } from '@ccp/contracts';
import type { Book } from './events/book.ts';
import { journalNames } from './events/journal-files.ts';
import { summaryKeeper } from './keep-summary.ts';
import { SUMMARY_FILE } from './summary-files.ts';
import { pricesInForce } from './prices-in-force.ts';
import { systemErrorCode } from './problem.ts';
import type { Outcome, Problem } from './problem.ts';
import { summaryOf } from './rollups/summary/summary-of.ts';

export interface Summarised {
  readonly summary: MetricsSummary;
  readonly notes: readonly Problem[];
}

/** What all journals of a folder come to; writes nothing. */
export function summarise(book: Book): Outcome<Summarised> {
  const inForce = pricesInForce(book.dir, process.env);
  if (!inForce.ok) return inForce;
  const notes = [...inForce.value.notes];
  const summary = summaryOf(everyRow(book, notes), inForce.value.prices);
  return { ok: true, value: { summary, notes } };
}

/** The same, with the files of sums brought up to date; reads what was added. */
export async function refreshSummary(book: Book): Promise<Outcome<Summarised>> {
  const tz = new Intl.DateTimeFormat().resolvedOptions().timeZone;
  const inForce = pricesInForce(book.dir, process.env);
  if (!inForce.ok) return inForce;
  const { prices } = inForce.value;
  const refreshed = await summaryKeeper(book, { prices, tz, isTzChosen: false }).refresh();
  if (!refreshed.ok) return refreshed;
  const notes = [...inForce.value.notes, ...refreshed.value.notes];
  const summary = refreshed.value.summary ?? kept(book.dir);
  // Nothing was added: the file is as it should be, or, before the first row, not there.
  return summary === null ? summarise(book) : { ok: true, value: { summary, notes } };
}

function kept(dir: string): MetricsSummary | null {
  try {
    const parsed = parseMetricsSummary(JSON.parse(readFileSync(join(dir, SUMMARY_FILE), 'utf8')));
    return parsed.ok ? parsed.value : null;
  } catch (error) {
    if (error instanceof SyntaxError || systemErrorCode(error) === 'ENOENT') return null;
    throw error;
  }
}

function* everyRow(book: Book, notes: Problem[]): Generator<{ readonly kind: string }> {
  for (const name of journalNames) {
    for (const found of book.rows(name)) {
      if (found.ok) yield found.value.row;
      else notes.push(found.problem);
    }
  }
}
