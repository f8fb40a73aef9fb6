import { withUnit } from './numbers.mjs';

const column = (title, key, unit) => ({ title, cell: (row) => withUnit(row[key], unit) });

const REQUEST_COLUMNS = [
  column('requests/s', 'rps', ''),
  column('× nginx', 'rps_vs_nginx', 'ratio'),
  column('added TTFB p50', 'added_p50_us', 'us'),
  column('p99', 'added_p99_us', 'us'),
  column('CPU/request', 'cpu_us', 'us'),
  column('RSS', 'rss_mb', 'mb'),
];

/** What a scenario's table shows. */
export function columnsOf({ kind, bodyKb, concurrency, events }) {
  switch (kind) {
    case 'start':
      return [column('ready after', 'ready_ms', 'ms'), column('idle RSS', 'rss_mb', 'mb')];
    case 'stalled':
      return [column('RSS', 'rss_mb', 'mb'), column('growth', 'rss_growth_mb', 'mb')];
    case 'paced':
      return [
        column('events/s', 'events_per_s', ''),
        column('CPU/event', 'cpu_us', 'us'),
        column('× nginx', 'cpu_vs_nginx', 'ratio'),
        column('added TTFT p50', 'added_ttft_us', 'us'),
        column('gap p99', 'gap_p99_ms', 'ms'),
        column('over direct', 'added_gap_ms', 'ms'),
        column('RSS', 'rss_mb', 'mb'),
      ];
    default: {
      if (bodyKb !== undefined && concurrency > 1)
        return [...REQUEST_COLUMNS, column('loop delay p99', 'loop_p99_ms', 'ms')];
      return events === undefined
        ? REQUEST_COLUMNS
        : [...REQUEST_COLUMNS, column('CPU × bare', 'cpu_vs_bare', 'ratio')];
    }
  }
}
