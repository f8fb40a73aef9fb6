import type { PriceMap } from '../cost/price-map.ts';
import { isoWeek } from '../report/group-turns.ts';
import type { FinishedWindow, SummaryFold } from './summary-fold.ts';
import { costOfBuckets } from './summary-of.ts';
import type { Bucket } from './token-buckets.ts';
import { compare } from './token-buckets.ts';

/** What one day or week came to. */
export interface Period {
  /** Day (2030-01-31) or ISO week (2030-W05). */
  readonly key: string;
  readonly turns: number;
  readonly input: number;
  readonly output: number;
  readonly cacheWrite: number;
  readonly cacheRead: number;
  /** US dollars by list prices of the turns that have a price; null: none has. */
  readonly usd: number | null;
  readonly unpricedTurns: number;
  /** Features turns say they added; null: no turn says. */
  readonly features: number | null;
  /** Models by turns, most first. */
  readonly models: readonly string[];
  /** Windows finalized then, in their order. */
  readonly windows: readonly FinishedWindow[];
}

export interface Progress {
  /** IANA zone of the days. */
  readonly tz: string;
  readonly priceMap: string;
  /** Newest first. */
  readonly days: readonly Period[];
  readonly weeks: readonly Period[];
  /** Turns that do not say when they ended. */
  readonly timelessTurns: number;
}

/** What was done day by day and week by week, in the zone of the fold. */
export function progressOf(fold: SummaryFold, prices: PriceMap): Progress {
  const buckets = fold.tokens.all();
  const windows = fold.windows().map((window): [string, FinishedWindow] => [dayOfWindow(window, fold), window]);
  const features = fold.features.names().map((day): [string, number] => [day, fold.features.sum(day) ?? 0]);
  const by = (keyOf: (day: string) => string): Period[] => {
    const keys = [...buckets.map(({ day }) => day), ...windows.map(([day]) => day)].filter((day) => day !== '');
    return [...new Set(keys.map(keyOf))]
      .toSorted((a, b) => compare(b, a))
      .map((key) => {
        const isIn = (day: string): boolean => day !== '' && keyOf(day) === key;
        const own = features.filter(([day]) => isIn(day));
        return {
          key,
          ...sumsOf(
            buckets.filter(({ day }) => isIn(day)),
            prices,
          ),
          features: own.length === 0 ? null : own.reduce((sum, [, count]) => sum + count, 0),
          windows: windows
            .filter(([day]) => isIn(day))
            .map(([, window]) => window)
            .toSorted((a, b) => compare(a.at, b.at) || compare(a.window, b.window)),
        };
      });
  };
  return {
    tz: fold.tz,
    priceMap: prices.version,
    days: by((day) => day),
    weeks: by(isoWeek),
    timelessTurns: buckets.reduce((sum, { day, turns }) => sum + (day === '' ? turns : 0), 0),
  };
}

function dayOfWindow({ at }: FinishedWindow, { dayOf }: SummaryFold): string {
  const ms = Date.parse(at);
  return Number.isNaN(ms) ? '' : dayOf({ ts: ms / 1000 });
}

function sumsOf(buckets: readonly Bucket[], prices: PriceMap): Omit<Period, 'key' | 'features' | 'windows'> {
  const sum = { turns: 0, input: 0, output: 0, cacheWrite: 0, cacheRead: 0 };
  const models = new Map<string, number>();
  for (const { model, turns, tokens } of buckets) {
    sum.turns += turns;
    sum.input += tokens.input;
    sum.output += tokens.output;
    sum.cacheWrite += tokens.cacheWrite;
    sum.cacheRead += tokens.cacheRead;
    models.set(model, (models.get(model) ?? 0) + turns);
  }
  const { usd, unpricedTurns } = costOfBuckets(buckets, prices);
  const ranked = [...models].toSorted(([a, many], [b, others]) => others - many || compare(a, b));
  return { ...sum, usd, unpricedTurns, models: ranked.map(([model]) => model) };
}
