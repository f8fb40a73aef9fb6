import { short } from './numbers.mjs';
import { table } from './table.mjs';

/**
 * The router's targets. `value` reads the measured figure (undefined: not measured in this run); `because` points to
 * evidence in the same run when the target is missed.
 *
 * @typedef {(scenario: string, variant: string, key: string) => number | undefined} Figure
 * @typedef {{ what: string, unit: string, most?: number, least?: number, value: (of: Figure) => number | undefined, because?: (of: Figure) => string }} Target
 */

/** @type {readonly Target[]} */
const TARGETS = [
  ratio('JSON 1 KB, c=32: requests/s × nginx', 0.2, 'json-1k-c32'),
  ratio('JSON 1 KB, c=1: requests/s × nginx', 0.3, 'json-1k-c1'),
  added('JSON 1 KB, c=1: added TTFB p50', 150, 'json-1k-c1', 'added_p50_us'),
  added('JSON 1 KB, c=1: added TTFB p99', 1000, 'json-1k-c1', 'added_p99_us'),
  times('JSON 1 KB, c=1: requests/s × Portkey', 8, 'json-1k-c1', 'portkey'),
  times('JSON 1 KB, c=32: requests/s × Portkey', 8, 'json-1k-c32', 'portkey'),
  times('JSON 1 KB, c=1: requests/s × claude-code-router', 8, 'json-1k-c1', 'ccr'),
  times('JSON 1 KB, c=32: requests/s × claude-code-router', 8, 'json-1k-c32', 'ccr'),
  added('200 KB body: added TTFB p50', 500, 'body-200k', 'added_p50_us'),
  times('200 KB body: requests/s × Portkey', 15, 'body-200k', 'portkey'),
  times('200 KB body: requests/s × claude-code-router', 100, 'body-200k', 'ccr'),
  added('400 KB body: added TTFB p50', 3000, 'body-400k', 'added_p50_us'),
  added('400 KB body: added TTFB p99', 8000, 'body-400k', 'added_p99_us'),
  added('1 MB body: added TTFB p50', 4000, 'body-1m', 'added_p50_us'),
  most('1 MB body, c=8: RSS', 150, 'MB', ['body-1m-c8', 'rss_mb']),
  most('1 MB body, c=8: event loop delay p99', 15, 'ms', ['body-1m-c8', 'loop_p99_ms']),
  ratio('SSE burst, c=32: answers/s × nginx', 0.15, 'sse-burst-c32'),
  times('SSE burst, c=32: answers/s × Portkey', 6, 'sse-burst-c32', 'portkey'),
  times('SSE burst, c=32: answers/s × claude-code-router', 1.8, 'sse-burst-c32', 'ccr'),
  most('SSE paced, 1,000 streams: CPU per event × nginx', 1.4, '×', ['sse-paced-1000', 'cpu_vs_nginx']),
  {
    what: 'SSE paced, 1,000 streams: CPU per event × Portkey',
    unit: '×',
    most: 0.5,
    value: (of) => quotient(of('sse-paced-1000', 'shim', 'cpu_us'), of('sse-paced-1000', 'portkey', 'cpu_us')),
  },
  added('SSE paced, 100 streams: added TTFT p50', 700, 'sse-paced-100', 'added_ttft_us'),
  most('SSE paced, 100 streams: gap p99 over direct', 2, 'ms', ['sse-paced-100', 'added_gap_ms']),
  overhead('The books, JSON c=1: CPU over that without', 0.25, 'json-1k-c1'),
  overhead('The books, JSON c=32: CPU over that without', 0.25, 'json-1k-c32'),
  overhead('The books, JSON 1,000/s: CPU over that without', 0.25, 'json-1k-1000s'),
  overhead('The books, paced 100: CPU over that without', 0.15, 'sse-paced-100'),
  overhead('The books, paced 1,000: CPU over that without', 0.15, 'sse-paced-1000'),
  most('RSS idle', 90, 'MB', ['start', 'rss_mb']),
  most('RSS under load (JSON c=32)', 120, 'MB', ['json-1k-c32', 'rss_mb']),
  {
    what: 'RSS per held stream (1,000 against 100)',
    unit: 'KB',
    most: 60,
    value: kbPerStream('shim'),
    because: (of) => `the bare relay has ${number(kbPerStream('bare')(of))} KB`,
  },
  most('One stalled reader: RSS growth', 16, 'MB', ['stalled-reader', 'rss_growth_mb']),
  most('Start to ready', 400, 'ms', ['start', 'ready_ms']),
];

/** Each target beside the measured figure: met, MISSED with the evidence at hand, or not measured. */
export function targetLines(summary) {
  const of = (scenario, variant, key) => summary.get(scenario)?.get(variant)?.[key]?.median;
  const rows = TARGETS.map((target) => {
    const { what, unit, value, because } = target;
    const got = value(of);
    const wanted = target.most === undefined ? `≥ ${target.least} ${unit}` : `≤ ${target.most} ${unit}`;
    if (got === undefined || !Number.isFinite(got)) return [what, wanted, '–', 'not measured'];
    const met = target.most === undefined ? got >= (target.least ?? 0) : got <= target.most;
    return [what, wanted, `${short(got)} ${unit}`, met ? 'met' : `MISSED${because ? `: ${because(of)}` : ''}`];
  });
  return ['Targets', ...table(['', 'target', 'measured', ''], rows)];
}

function ratio(what, least, scenario) {
  const value = (of) => of(scenario, 'shim', 'rps_vs_nginx');
  return { what, unit: '×', least, value, because: bareRatio(scenario) };
}

function times(what, least, scenario, peer) {
  const value = (of) => quotient(of(scenario, 'shim', 'rps'), of(scenario, peer, 'rps'));
  return { what, unit: '×', least, value, because: bareRatio(scenario) };
}

function added(what, most, scenario, key) {
  const because = (of) => `the bare relay alone adds ${number(of(scenario, 'bare', key))} µs`;
  return { what, unit: 'µs', most, value: (of) => of(scenario, 'shim', key), because };
}

function most(what, limit, unit, [scenario, key]) {
  const because = (of) => `the bare relay has ${number(of(scenario, 'bare', key))} ${unit}`;
  return { what, unit, most: limit, value: (of) => of(scenario, 'shim', key), because };
}

/** Metering, quota, log, database and counters, against the same build with them off. */
function overhead(what, limit, scenario) {
  const value = (of) => {
    const times = of(scenario, 'shim', 'cpu_vs_nobooks');
    return times === undefined ? undefined : times - 1;
  };
  const because = (of) =>
    `${number(of(scenario, 'shim', 'cpu_us'))} µs each, without the books ${number(of(scenario, 'nobooks', 'cpu_us'))} µs`;
  return { what, unit: 'of the pipeline', most: limit, value, because };
}

/** Two servers, equally warm, that differ by 900 streams. */
function kbPerStream(variant) {
  return (of) => {
    const many = of('sse-paced-1000', variant, 'rss_mb');
    const few = of('sse-paced-100', variant, 'rss_mb');
    return many === undefined || few === undefined ? undefined : ((many - few) * 1024) / 900;
  };
}

function bareRatio(scenario) {
  return (of) =>
    `CPU ${number(of(scenario, 'shim', 'cpu_us'))} µs each; bare relay ${number(of(scenario, 'bare', 'cpu_us'))} µs and ${number(of(scenario, 'bare', 'rps_vs_nginx'))} × nginx`;
}

function quotient(a, b) {
  return a === undefined || b === undefined || b === 0 ? undefined : a / b;
}

function number(value) {
  return value === undefined ? '–' : short(value);
}
