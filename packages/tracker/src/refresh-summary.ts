import { join } from 'node:path';
import type { MetricsSummary } from '@ccp/contracts';
import type { Book } from './events/book.ts';
import { journalNames } from './events/journal-files.ts';
import { replaceFile } from './events/replace-file.ts';
import type { Outcome, Problem } from './problem.ts';
import { PRICES } from './rollups/cost/price-map.ts';
import { summaryOf, summaryText } from './rollups/summary/summary-of.ts';

export interface Summarised {
  readonly summary: MetricsSummary;
  readonly notes: readonly Problem[];
}

/** What all journals of a folder come to. */
export function summarise(book: Book): Summarised {
  const notes: Problem[] = [];
  const summary = summaryOf(everyRow(book, notes), PRICES);
  return { summary, notes };
}

/** The same, written to `metrics_summary.json`. */
export function refreshSummary(book: Book): Outcome<Summarised> {
  const summarised = summarise(book);
  const written = replaceFile(join(book.dir, 'metrics_summary.json'), summaryText(summarised.summary));
  return written.ok ? { ok: true, value: summarised } : written;
}

function* everyRow(book: Book, notes: Problem[]): Generator<{ readonly kind: string }> {
  for (const name of journalNames) {
    for (const found of book.rows(name)) {
      if (found.ok) yield found.value.row;
      else notes.push(found.problem);
    }
  }
}
