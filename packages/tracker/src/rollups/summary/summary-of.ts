import type { CccSnapshot, MetricsSummary, TrackerEvent, WindowRecord } from '@ccp/contracts';
import { costOf } from '../cost/cost-of.ts';
import type { PriceMap } from '../cost/price-map.ts';
import { distinctEvents, toReportTurn } from '../report/report-turn.ts';
import { modelHealth, routingOf } from './model-health.ts';

/** A row of any journal; the kinds a summary needs are looked at. */
export type SummaryRow = { readonly kind: string };

/**
 * What all rows come to. Depends on the rows alone, so the same journals give the same summary: it is dated by its newest
 * row. What was not measured is absent from the means, never a zero in them.
 */
export function summaryOf(rows: Iterable<SummaryRow>, prices: PriceMap): MetricsSummary {
  const events: TrackerEvent[] = [];
  const sessions = new Set<string>();
  const windows = new Set<string>();
  let newest: CccSnapshot | null = null;
  let generatedAt = '1970-01-01T00:00:00.000Z';
  for (const row of rows) {
    const at = timeOf(row);
    if (at !== undefined && Date.parse(at) > Date.parse(generatedAt)) generatedAt = at;
    if (row.kind === 'window') windows.add((row as WindowRecord).window);
    if (row.kind === 'turn') events.push(row as TrackerEvent);
    if (row.kind === 'session') sessions.add((row as TrackerEvent).session?.session_id ?? '');
    if (row.kind === 'ccc_snapshot' && isNewer(row as CccSnapshot, newest)) newest = row as CccSnapshot;
  }
  const turns = distinctEvents(events);
  for (const { turn } of turns) if (turn !== undefined) sessions.add(turn.session_id);
  sessions.delete('');
  const features = measured(turns, 'feature_delta');
  const capacity = turns.flatMap(({ turn }) => turn?.capacity_used ?? []);
  const [shipped, used] = [sumOf(features), sumOf(capacity)];
  return {
    generated_at: new Date(generatedAt).toISOString(),
    sessions: sessions.size,
    turns: turns.length,
    features_shipped: shipped,
    capacity_used: used,
    features_per_capacity: used > 0 ? shipped / used : null,
    avg_cls: mean(measured(turns, 'cls')),
    avg_impf: mean(measured(turns, 'impf')),
    avg_churn_score: mean(measured(turns, 'churn_score')),
    model_value: modelValue(turns),
    tokens: tokensOf(turns),
    ...costs(turns, prices),
    windows: windows.size,
    ...(newest !== null && { model_health: modelHealth(newest.usage), ...routingOf(newest.usage) }),
    sources: [...new Set(turns.map(({ source }) => source ?? 'unknown'))].toSorted(),
  };
}

/** The file's text: two spaces, sorted keys, a line end. */
export function summaryText(summary: MetricsSummary): string {
  return `${JSON.stringify(sorted(summary), null, 2)}\n`;
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, sorted(inner)]));
}

function timeOf(row: SummaryRow): string | undefined {
  const { captured_at: captured, finalized_at: finalized } = row as { captured_at?: string; finalized_at?: string };
  return captured ?? finalized;
}

function isNewer(row: CccSnapshot, before: CccSnapshot | null): boolean {
  return before === null || Date.parse(row.captured_at) >= Date.parse(before.captured_at);
}

type Measured = 'feature_delta' | 'cls' | 'impf' | 'churn_score';

function measured(turns: readonly TrackerEvent[], key: Measured): number[] {
  return turns.flatMap(({ measurement }) => measurement?.[key] ?? []);
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : sumOf(values) / values.length;
}

function modelValue(turns: readonly TrackerEvent[]): Record<string, number> {
  const value: Record<string, number> = {};
  for (const { turn } of turns)
    for (const [model, share] of Object.entries(turn?.attribution ?? {})) value[model] = (value[model] ?? 0) + share;
  return value;
}

function tokensOf(turns: readonly TrackerEvent[]): NonNullable<MetricsSummary['tokens']> {
  const sums: Record<
    string,
    { input: number; output: number; cache_write: number; cache_read: number; turns: number }
  > = {};
  for (const event of turns) {
    const { model, input, output, cacheWrite, cacheRead } = toReportTurn(event);
    const sum = (sums[model] ??= { input: 0, output: 0, cache_write: 0, cache_read: 0, turns: 0 });
    sum.input += input;
    sum.output += output;
    sum.cache_write += cacheWrite;
    sum.cache_read += cacheRead;
    sum.turns += 1;
  }
  return sums;
}

/** Absent when nothing was priced. */
function costs(turns: readonly TrackerEvent[], prices: PriceMap): Pick<MetricsSummary, 'cost'> {
  const unpriced = new Set<string>();
  let sum: number | null = null;
  for (const event of turns) {
    const turn = toReportTurn(event);
    const cost = costOf(turn.model, turn, prices);
    if (cost === null) unpriced.add(turn.model);
    else sum = (sum ?? 0) + cost;
  }
  if (sum === null) return {};
  return { cost: { estimated_usd: sum, price_map: prices.version, unpriced_models: [...unpriced].toSorted() } };
}
