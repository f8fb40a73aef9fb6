import type { MetricsSummary } from '@ccp/contracts';
import { costOfClass } from '../cost/cost-of.ts';
import type { PriceMap } from '../cost/price-map.ts';
import { rankOf, TOP_RANK } from '../report/report-turn.ts';
import { summaryFold } from './summary-fold.ts';
import type { SummaryFold, SummaryRow } from './summary-fold.ts';
import type { Tally } from './tally.ts';
import type { Bucket } from './token-buckets.ts';
import { factsOf } from './turn-facts.ts';
import type { TurnFacts } from './turn-facts.ts';

export type { SummaryRow } from './summary-fold.ts';

/**
 * What all rows come to. Depends on the rows alone, so the same journals give the same summary: it is dated by its newest
 * row. What was not measured is absent from the means, never a zero in them.
 */
export function summaryOf(rows: Iterable<SummaryRow>, prices: PriceMap): MetricsSummary {
  const { fold, add } = openFold('UTC');
  for (const row of rows) add(row);
  return summaryOfFold(fold, prices);
}

/** A fold of rows that are told once, from the first one on. */
export function openFold(tz: string): { readonly fold: SummaryFold; readonly add: (row: SummaryRow) => void } {
  const turns: TurnFacts[] = [];
  const recall = (place: number): TurnFacts => {
    const facts = turns[place];
    if (facts === undefined) throw new RangeError(`no turn was kept as number ${place}`);
    return facts;
  };
  const fold = summaryFold({ tz, seeds: [0, 0], recall });
  return {
    fold,
    add(row) {
      const facts = row.kind === 'turn' ? factsOf(row) : null;
      // What nothing takes the place of is never asked for again.
      const isFinal = facts === null || rankOf(facts.source) === TOP_RANK;
      fold.row(row, isFinal ? 0 : turns.push(facts) - 1);
    },
  };
}

/** @param generatedAt time of the newest row, where journals were seen that the fold was not given (ISO 8601) */
export function summaryOfFold(fold: SummaryFold, prices: PriceMap, generatedAt = fold.newest.at()): MetricsSummary {
  const buckets = fold.tokens.all();
  const served = fold.served();
  return {
    generated_at: generatedAt,
    sessions: fold.known.sessions,
    turns: buckets.reduce((sum, { turns }) => sum + turns, 0),
    features_shipped: fold.measured.sum('features') ?? 0,
    ...capacityOf(fold),
    avg_cls: fold.measured.mean('cls'),
    avg_impf: fold.measured.mean('impf'),
    avg_churn_score: fold.measured.mean('churn_score'),
    model_value: sumsOf(fold.shares),
    tokens: tokensOf(buckets),
    ...costs(buckets, prices),
    windows: fold.windows().length,
    ...served,
    sources: [...fold.sources.names()],
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

type Capacity = Pick<MetricsSummary, 'capacity_used' | 'capacity_unit' | 'capacity_by_unit' | 'features_per_capacity'>;

/** Percentage points and prompts do not add up: with several units there is one sum for each and none for all. */
function capacityOf({ capacity, measured }: SummaryFold): Capacity {
  const units = capacity.names();
  const [unit = ''] = units;
  const used = capacity.sum(unit);
  if (units.length > 1) return { capacity_by_unit: sumsOf(capacity), features_per_capacity: null };
  if (used === null) return { features_per_capacity: null };
  const features = measured.sum('features');
  return {
    capacity_used: used,
    capacity_unit: unit === '' ? null : unit,
    features_per_capacity: features !== null && used > 0 ? features / used : null,
  };
}

function sumsOf(tally: Tally): Record<string, number> {
  return Object.fromEntries(tally.names().map((name) => [name, tally.sum(name) ?? 0]));
}

type ModelTokens = { input: number; output: number; cache_write: number; cache_read: number; turns: number };

function tokensOf(buckets: readonly Bucket[]): NonNullable<MetricsSummary['tokens']> {
  const models = new Map<string, ModelTokens>();
  for (const { model, turns, tokens } of buckets) {
    const sum = models.get(model) ?? { input: 0, output: 0, cache_write: 0, cache_read: 0, turns: 0 };
    sum.input += tokens.input;
    sum.output += tokens.output;
    sum.cache_write += tokens.cacheWrite;
    sum.cache_read += tokens.cacheRead;
    sum.turns += turns;
    models.set(model, sum);
  }
  return Object.fromEntries(models);
}

/** Absent when nothing was priced. */
function costs(buckets: readonly Bucket[], prices: PriceMap): Pick<MetricsSummary, 'cost'> {
  const { usd, unpriced } = costOfBuckets(buckets, prices);
  return usd === null
    ? {}
    : { cost: { estimated_usd: usd, price_map: prices.version, unpriced_models: [...unpriced] } };
}

/** What tokens come to by list prices; null: none of them has a price. */
export function costOfBuckets(
  buckets: readonly Bucket[],
  map: PriceMap,
): { readonly usd: number | null; readonly unpriced: readonly string[]; readonly unpricedTurns: number } {
  const unpriced = new Set<string>();
  let usd: number | null = null;
  let unpricedTurns = 0;
  for (const { model, tokens, lengthClass, turns } of buckets) {
    const cost = costOfClass(model, tokens, { lengthClass, map });
    if (cost !== null) usd = (usd ?? 0) + cost;
    else {
      unpriced.add(model);
      unpricedTurns += turns;
    }
  }
  return { usd, unpriced: [...unpriced].toSorted(), unpricedTurns };
}
