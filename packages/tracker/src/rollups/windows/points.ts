import type { ChurnRecord, GlmCount, WindowRecord } from '@ccp/contracts';
import { windowQuality } from '../churn/quality.ts';
import type { KnownQuality } from '../churn/quality.ts';
import type { WindowPoint } from '../estimators/window-point.ts';
import { promptCapacity, recordedCapacity, RESOLUTION_PP } from './capacity.ts';
import type { Capacity } from './capacity.ts';
import { capacityOrder } from './meter-field.ts';
import { groupBy, newestBy, timeMs } from './newest.ts';

/** One window of one provider, ready for an estimator. */
export interface LedgerPoint extends WindowPoint {
  readonly capacity: number;
  /** `quality_score` of the window, else what became of its lines; null: neither is known. */
  readonly quality: number | null;
  readonly quality_source: KnownQuality['source'];
  readonly methodology: string | null;
  /** Less than whole percents can tell; only a sum over several windows says something. */
  readonly below_resolution: boolean;
}

/** A window that is no point, and why. */
export interface LeftOut {
  readonly window: string;
  readonly why:
    | 'capacity-unknown'
    | 'no-capacity'
    | 'features-unknown'
    /** Its capacity is of another meter than that of the points. */
    | 'other-meter';
}

/** The points of one provider, in one unit and of one meter. */
export interface PointSet {
  readonly provider: string;
  readonly unit: string;
  /** Meter of every point; null: there is none. */
  readonly field: string | null;
  readonly points: readonly LedgerPoint[];
  readonly left_out: readonly LeftOut[];
  /** Features of all its windows; null: no window counted them. */
  readonly features: number | null;
  /** Capacity of all its windows that are of this meter; null: none is known. */
  readonly capacity: number | null;
}

/** The newest row of every window, in the order in which the windows were first finalized. */
export function newestRecords(records: readonly WindowRecord[]): readonly WindowRecord[] {
  return [...groupBy(records, ({ window }) => window)]
    .map(([window, rows]) => ({
      window,
      newest: newestBy(rows, ({ finalized_at: at }) => at),
      firstMs: Math.min(...rows.map(({ finalized_at: at }) => timeMs(at))),
    }))
    .toSorted((a, b) => (a.firstMs === b.firstMs ? (a.window < b.window ? -1 : 1) : a.firstMs - b.firstMs))
    .flatMap(({ newest }) => newest ?? []);
}

/**
 * Points per provider, alphabetical. Of a window finalized more than once the newest row counts; prompts of GLM count
 * once, from the row or else from the counts. A window whose capacity comes from another meter is left out: percentage
 * points of a week and of 5 hours are different units. Quality is what a person said of the window, else what the rows of
 * churn.jsonl tell.
 */
export function windowPoints(
  records: readonly WindowRecord[],
  glmCounts: readonly GlmCount[] = [],
  churn: readonly ChurnRecord[] = [],
): readonly PointSet[] {
  const newest = newestRecords(records);
  const counts = groupBy(glmCounts, ({ window }) => window);
  const changes = groupBy(churn, ({ window }) => window);
  const names = new Set(newest.flatMap((row) => [...Object.keys(row.providers ?? {}), ...countedIn(row, counts)]));
  return [...names].toSorted().map((provider) =>
    toSet(
      provider,
      newest.flatMap((row) => {
        const capacity = capacityOf(row, provider, counts.get(row.window) ?? []);
        if (capacity === null) return [];
        return [{ row, capacity, known: windowQuality(row.quality_score ?? null, changes.get(row.window) ?? []) }];
      }),
    ),
  );
}

function countedIn({ window }: WindowRecord, counts: ReadonlyMap<string, readonly GlmCount[]>): string[] {
  return counts.has(window) ? ['glm'] : [];
}

/** Null: the provider had no part in the window. */
function capacityOf(row: WindowRecord, provider: string, counts: readonly GlmCount[]): Capacity | null {
  const entry = row.providers?.[provider];
  if (provider === 'glm' && entry?.capacity_unit !== 'prompts' && counts.length > 0) return promptCapacity(counts);
  return entry === undefined ? null : recordedCapacity(provider, entry);
}

interface Spent {
  readonly row: WindowRecord;
  readonly capacity: Capacity;
  readonly known: KnownQuality;
}

function toSet(provider: string, spent: readonly Spent[]): PointSet {
  const common = commonMeter(provider, spent);
  const points: LedgerPoint[] = [];
  const leftOut: LeftOut[] = [];
  for (const { row, capacity, known } of spent) {
    const features = row.features?.[provider];
    const why = whyNot(capacity, features, common);
    if (why !== null || capacity.amount === null || features === undefined) {
      leftOut.push({ window: row.window, why: why ?? 'capacity-unknown' });
      continue;
    }
    points.push({
      window: row.window,
      features,
      capacity: capacity.amount,
      quality: known.quality,
      quality_source: known.source,
      methodology: row.methodology ?? null,
      below_resolution: capacity.unit === 'pp' && capacity.amount < RESOLUTION_PP,
    });
  }
  return {
    provider,
    unit: common?.unit ?? 'pp',
    field: common?.field ?? null,
    points,
    left_out: leftOut,
    features: sumOrNull(spent.map(({ row }) => row.features?.[provider])),
    capacity: sumOrNull(spent.map(({ capacity }) => (isSameMeter(capacity, common) ? capacity.amount : null))),
  };
}

function whyNot(capacity: Capacity, features: number | undefined, common: Capacity | null): LeftOut['why'] | null {
  if (capacity.amount === null) return 'capacity-unknown';
  if (capacity.amount <= 0) return 'no-capacity';
  if (!isSameMeter(capacity, common)) return 'other-meter';
  return features === undefined ? 'features-unknown' : null;
}

function isSameMeter(capacity: Capacity, common: Capacity | null): boolean {
  return capacity.field === common?.field && capacity.unit === common.unit;
}

/** A capacity of the meter that comes first in the provider's order and was used; else of the first with any number. */
function commonMeter(provider: string, spent: readonly Spent[]): Capacity | null {
  const order = capacityOrder(provider);
  const rank = ({ field }: Capacity): number => {
    const at = order.indexOf(field ?? '');
    return at === -1 ? order.length : at;
  };
  const known = spent
    .map(({ capacity }) => capacity)
    .filter(({ amount }) => amount !== null)
    .toSorted((a, b) => rank(a) - rank(b));
  return known.find(({ amount }) => (amount ?? 0) > 0) ?? known[0] ?? null;
}

function sumOrNull(values: readonly (number | null | undefined)[]): number | null {
  const known = values.filter((value): value is number => typeof value === 'number');
  return known.length === 0 ? null : tidy(known.reduce((sum, value) => sum + value, 0));
}

function tidy(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}
