import { cost, rates } from './cell.ts';
import type { Cell } from './cell.ts';
import type { History, Range, Totals } from './history.ts';
import { quantiles } from './sketch.ts';

const SHARES = [0.5, 0.9, 0.99];

/** The lists of a document that have one value per span. */
export function seriesOf(
  range: Range,
  spans: readonly Cell[],
): Pick<History, 'ts' | 'turns' | 'tokens' | 'speeds' | 'ttft' | 'cost_usd'> {
  const timed = spans.map(rates);
  const ttft = spans.map(({ ttft: sketch }) => quantiles(sketch, SHARES));
  return {
    ts: spans.map((_, at) => range.since_ts + at * range.step_s),
    turns: spans.map(({ turns }) => turns),
    tokens: {
      input: spans.map(({ input }) => input),
      output: spans.map(({ output }) => output),
      cache_write: spans.map(({ cacheWrite }) => cacheWrite),
      cache_read: spans.map(({ cacheRead }) => cacheRead),
    },
    speeds: { elr_out_tps: timed.map(({ elr }) => elr), dirty_out_tps: timed.map(({ dirty }) => dirty) },
    ttft: {
      p50_ms: ttft.map(([p50 = null]) => p50),
      p90_ms: ttft.map(([, p90 = null]) => p90),
      p99_ms: ttft.map(([, , p99 = null]) => p99),
    },
    cost_usd: spans.map(cost),
  };
}

export function totalsOf(cell: Cell): Totals {
  const { elr, dirty } = rates(cell);
  const [p50 = null, p90 = null, p99 = null] = quantiles(cell.ttft, SHARES);
  return {
    turns: cell.turns,
    tokens: { input: cell.input, output: cell.output, cache_write: cell.cacheWrite, cache_read: cell.cacheRead },
    cost_usd: cost(cell),
    unpriced_turns: cell.unpriced,
    elr_out_tps: elr,
    dirty_out_tps: dirty,
    ttft_p50_ms: p50,
    ttft_p90_ms: p90,
    ttft_p99_ms: p99,
    timed: cell.timed,
    features: cell.judged > 0 ? cell.features : null,
  };
}
