import { merge, noTurns, rates } from './cell.ts';
import type { Cell } from './cell.ts';
import type { Grid } from './grid.ts';
import type { Heat, Range } from './history.ts';
import { quantiles } from './sketch.ts';
import { zoneOffset } from './zone-offset.ts';

/** Fewer turns give no speed of an hour. */
const LEAST = 3;

/** The hours of the range by weekday and hour of the local day. */
export function heatOf(
  hours: Grid,
  range: Range,
  { tz, provider }: { readonly tz: string; readonly provider: string | null },
): Heat {
  const offset = zoneOffset(tz);
  const wall = (ts: number): number => ts + offset(ts);
  const week = Array.from({ length: 7 }, () => Array.from({ length: 24 }, noTurns));
  for (const { ts, series, cell } of hours.cells(wall(range.since_ts), wall(range.until_ts))) {
    if (provider !== null && series.provider !== provider) continue;
    const at = new Date(ts * 1000);
    // Monday first.
    const into = week[(at.getUTCDay() + 6) % 7]?.[at.getUTCHours()];
    if (into !== undefined) merge(into, cell);
  }
  const each = <T>(of: (cell: Cell) => T): T[][] => week.map((day) => day.map(of));
  return {
    turns: each(({ turns }) => turns),
    tokens: each(({ input, output, cacheWrite, cacheRead }) => input + output + cacheWrite + cacheRead),
    elr_out_tps: each((cell) => (cell.timed < LEAST ? null : rates(cell).elr)),
    ttft_p50_ms: each(({ ttft, timed }) => (timed < LEAST ? null : (quantiles(ttft, [0.5])[0] ?? null))),
  };
}
