import { existsSync } from 'node:fs';
import { basename, isAbsolute, join, resolve } from 'node:path';
import type { Decision, MetricsSummary, TrackerEvent, Usage } from '@ccp/contracts';
import { journalNames } from '../events/journal-files.ts';
import { replaceFile } from '../events/replace-file.ts';
import type { Outcome, Problem } from '../problem.ts';
import type { PriceMap } from '../rollups/cost/price-map.ts';
import { summaryOf, summaryText } from '../rollups/summary/summary-of.ts';
import type { SummaryRow } from '../rollups/summary/summary-of.ts';
import { readUsageFile } from '../sources/ccp-archive/read-usage-file.ts';
import { usable } from './book-options.ts';
import type { Book } from './book-options.ts';

export interface SummaryOptions {
  readonly output?: string;
  readonly usageJson?: string;
  readonly ccpRoot?: readonly string[];
}

/** Why these options can't be meant, in words for the command line; null: they can. */
export function whyNotSummary({ output, usageJson }: SummaryOptions, book: Book): string | null {
  if (output === undefined)
    return usageJson === undefined ? null : '--usage-json goes into a summary: say where with --output';
  if (resolve(output) !== resolve(book.dir, 'metrics_summary.json')) return null;
  return `${output} follows from the journals alone and is written by tracker rollup: name another file`;
}

/** The usage snapshot that was asked for; null: none was. Looked for here, then below the roots. */
export function snapshotOf({ usageJson, ccpRoot = [] }: SummaryOptions): Outcome<Usage | null> {
  if (usageJson === undefined) return { ok: true, value: null };
  const places = [usageJson, ...(isAbsolute(usageJson) ? [] : ccpRoot.map((root) => join(root, usageJson)))];
  return readUsageFile(places.find((place) => existsSync(place)) ?? usageJson);
}

/**
 * Writes what all journals come to, as `tracker rollup` does, with a usage snapshot beside the ones polled and with the
 * summaries of an archive among the sources. Of two snapshots the newer one tells how models are served.
 */
export function writeSummary(
  file: string,
  {
    book,
    snapshot,
    metrics,
    prices,
  }: {
    readonly book: Book;
    readonly snapshot: Usage | null;
    readonly metrics: readonly string[];
    readonly prices: PriceMap;
  },
): Outcome<readonly Problem[]> {
  const problems: Problem[] = [];
  const decisions = new Map<string, Decision>();
  const summary = summaryOf(rowsWith(snapshot, everyRow(book, problems), decisions), prices);
  const sources = [...(summary.sources ?? []), ...metrics.map((path) => basename(path))];
  const text = summaryText({ ...summary, ...healthWith(summary, decisions), sources });
  const written = replaceFile(file, text);
  if (written.ok) return { ok: true, value: problems };
  return { ok: false, problem: { ...written.problem, remedy: 'Choose a place you may write to: --output FILE' } };
}

function* everyRow(book: Book, problems: Problem[]): Generator<SummaryRow> {
  for (const name of journalNames) yield* usable(book.rows(name), problems);
}

function* rowsWith(
  usage: Usage | null,
  rows: Iterable<SummaryRow>,
  decisions: Map<string, Decision>,
): Generator<SummaryRow> {
  if (usage !== null) {
    const capturedAt = new Date(usage.ts * 1000).toISOString();
    yield { kind: 'ccc_snapshot', captured_at: capturedAt, usage } as SummaryRow;
  }
  const newest = new Map<string, number>();
  for (const row of rows) {
    const { turn, decision } = row as TrackerEvent;
    if (row.kind === 'turn' && turn !== undefined && decision !== undefined) {
      const ts = turn.ts ?? 0;
      if (ts >= (newest.get(turn.model) ?? 0)) decisions.set(turn.model, decision);
      newest.set(turn.model, Math.max(ts, newest.get(turn.model) ?? 0));
    }
    yield row;
  }
}

/** What the shim does not say of a model it serves, as its newest turn says it. */
function healthWith(
  { model_health: health }: MetricsSummary,
  decisions: ReadonlyMap<string, Decision>,
): Pick<MetricsSummary, 'model_health'> {
  if (health === undefined) return {};
  const filled = Object.entries(health).map(([model, known]) => [model, { ...decisions.get(model), ...known }]);
  return { model_health: Object.fromEntries(filled) as NonNullable<MetricsSummary['model_health']> };
}
