import { windowsOf } from '../scenarios.mjs';
import { spread } from './quantile.mjs';

/**
 * One row per scenario and variant: medians over the windows, with the smallest and largest. Ratios and differences are
 * taken inside each window of a round and only then summarised: the machine changes from one to the next.
 *
 * @typedef {{ median: number, min: number, max: number, n: number } | null} Spread
 * @typedef {Record<string, Spread> & { note?: any }} Row
 */

/** @returns {Map<string, Map<string, Row>>} scenario → variant → row */
export function summarise({ scenarios, options }) {
  const summary = new Map();
  for (const { cells, unavailable, ...scenario } of scenarios) {
    const wanted = options.rounds * windowsOf(scenario, options);
    const rows = new Map();
    for (const variant of options.variants) {
      const own = cells.filter((cell) => cell.variant === variant);
      const row = own.length === 0 ? {} : rowOf(own, cells);
      const note = unavailable[variant] ?? failures(own) ?? memoOf(own, wanted);
      rows.set(variant, note === undefined ? row : { ...row, note });
    }
    summary.set(scenario.name, rows);
  }
  return summary;
}

function rowOf(own, cells) {
  const other = (variant, { round, window }) =>
    cells.find((cell) => cell.variant === variant && cell.round === round && cell.window === window);
  const against = (variant, figure) =>
    spread(
      own.map((cell) => {
        const peer = other(variant, cell);
        return peer === undefined ? Number.NaN : figure(known(cell), known(peer));
      }),
    );
  const plain = (key) => spread(own.map((cell) => cell[key]));
  return {
    rps: plain('rps'),
    rps_vs_nginx: against('nginx', (cell, peer) => cell.rps / peer.rps),
    added_p50_us: against('direct', (cell, peer) => cell.ttfb_p50_us - peer.ttfb_p50_us),
    added_p99_us: against('direct', (cell, peer) => cell.ttfb_p99_us - peer.ttfb_p99_us),
    added_ttft_us: against('direct', (cell, peer) => cell.ttft_p50_us - peer.ttft_p50_us),
    cpu_us: plain('cpu_us_each'),
    cpu_vs_nginx: against('nginx', (cell, peer) => cell.cpu_us_each / peer.cpu_us_each),
    cpu_vs_nobooks: against('nobooks', (cell, peer) => cell.cpu_us_each / peer.cpu_us_each),
    cpu_vs_bare: against('bare', (cell, peer) => cell.cpu_us_each / peer.cpu_us_each),
    events_per_s: plain('events_per_s'),
    gap_p99_ms: plain('gap_p99_ms'),
    added_gap_ms: against('direct', (cell, peer) => cell.gap_p99_ms - peer.gap_p99_ms),
    rss_mb: plain('rss_mb'),
    rss_growth_mb: spread(own.map((cell) => (cell.rss_mb === null ? Number.NaN : cell.rss_mb - cell.rss_before_mb))),
    ready_ms: plain('ready_ms'),
    loop_p99_ms: spread(own.map((cell) => cell.loop_delay?.p99_ms ?? Number.NaN)),
    others_share: spread(own.map((cell) => cell.others_core_share?.[0] ?? Number.NaN)),
  };
}

function failures(own) {
  const failed = own.filter((cell) => cell.errors > 0);
  if (failed.length === 0) return undefined;
  const count = failed.reduce((sum, cell) => sum + cell.errors, 0);
  return `${count} errors (${failed[0].first_error || 'streams lost'})`;
}

function memoOf(own, wanted) {
  return own.length > 0 && own.length < wanted
    ? `too slow for more than ${own.length} of ${wanted} windows`
    : undefined;
}

/** What could not be measured came over as null, which arithmetic takes for zero. */
function known(cell) {
  return Object.fromEntries(Object.entries(cell).map(([key, value]) => [key, value ?? Number.NaN]));
}
