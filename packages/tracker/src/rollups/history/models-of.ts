import { merge, noTurns } from './cell.ts';
import type { Cell } from './cell.ts';
import type { Series } from './grid.ts';
import type { ModelPast, Range } from './history.ts';
import { totalsOf } from './series-of.ts';

interface Found {
  readonly ts: number;
  readonly series: Series;
  readonly cell: Cell;
}

/** What each model did in the range, the most tokens first. */
export function modelsOf(range: Range, found: readonly Found[]): readonly ModelPast[] {
  const length = Math.round((range.until_ts - range.since_ts) / range.step_s);
  const all = new Map<string, { lanes: Set<string>; cell: Cell; output: number[] }>();
  for (const { ts, series, cell } of found) {
    let one = all.get(series.model);
    if (one === undefined)
      all.set(series.model, (one = { lanes: new Set(), cell: noTurns(), output: Array.from({ length }, () => 0) }));
    merge(one.cell, cell);
    if (series.lane !== null) one.lanes.add(series.lane);
    const at = Math.round((ts - range.since_ts) / range.step_s);
    if (at >= 0 && at < length) one.output[at] = (one.output[at] ?? 0) + cell.output;
  }
  const whole = [...all.values()].reduce((sum, { cell }) => sum + traffic(cell), 0);
  return [...all]
    .toSorted(([a, one], [b, two]) => traffic(two.cell) - traffic(one.cell) || (a < b ? -1 : 1))
    .map(([model, { lanes, cell, output }]) => {
      const totals = totalsOf(cell);
      const { features, cost_usd: usd } = totals;
      return {
        model,
        lanes: [...lanes].toSorted(),
        ...totals,
        share: whole > 0 ? traffic(cell) / whole : 0,
        output,
        features_per_usd: features !== null && usd !== null && usd > 0 ? features / usd : null,
      };
    });
}

function traffic({ input, output, cacheWrite, cacheRead }: Cell): number {
  return input + output + cacheWrite + cacheRead;
}
