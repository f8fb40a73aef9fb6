/**
 * What is measured. A request scenario is a closed loop of `concurrency` connections; a paced one holds streams open.
 *
 * @typedef {object} Scenario
 * @property {string} name
 * @property {'requests' | 'paced' | 'stalled' | 'start'} kind
 * @property {string} title
 * @property {string} [model] which recorded answer the upstream gives
 * @property {boolean} [stream]
 * @property {number} [bodyKb] size of the request body; small when absent
 * @property {number} [concurrency]
 * @property {number} [everyMs] a connection sends no sooner than so long after its last request
 * @property {number} [streams]
 * @property {number} [ms] length of one measured window
 * @property {number} [events] server-sent events in one answer
 */

/** How often a variant is measured in one round. What a stalled reader or a start takes has a length of its own. */
export function windowsOf({ kind }, { windows }) {
  return kind === 'requests' || kind === 'paced' ? windows : 1;
}

const EVENTS = 500;

/** @type {readonly Scenario[]} */
export const SCENARIOS = [
  { name: 'start', kind: 'start', title: 'start to ready, idle memory' },
  requests('json-1k-c1', 'JSON, 1 KB answer, 1 connection', { concurrency: 1 }),
  requests('json-1k-c32', 'JSON, 1 KB answer, 32 connections', { concurrency: 32 }),
  requests('json-1k-1000s', 'JSON, 1 KB answer, 1,000 requests a second', { concurrency: 32, everyMs: 32, ms: 3000 }),
  requests('body-200k', '200 KB request body, 1 connection', { concurrency: 1, bodyKb: 200 }),
  requests('body-200k-c8', '200 KB request body, 8 connections', { concurrency: 8, bodyKb: 200 }),
  requests('body-400k', '400 KB request body, 1 connection', { concurrency: 1, bodyKb: 400 }),
  requests('body-1m', '1 MB request body, 1 connection', { concurrency: 1, bodyKb: 1024 }),
  requests('body-1m-c8', '1 MB request body, 8 connections', { concurrency: 8, bodyKb: 1024 }),
  burst('sse-burst-c8', 8),
  burst('sse-burst-c32', 32),
  paced('sse-paced-100', 100),
  paced('sse-paced-1000', 1000),
  { name: 'stalled-reader', kind: 'stalled', title: 'one client that stops reading', model: 'bench-flood', ms: 2500 },
];

function requests(name, title, more) {
  return { name, kind: 'requests', title, model: 'bench-json', stream: false, ms: 1500, ...more };
}

function burst(name, concurrency) {
  const title = `${EVENTS} events at once, ${concurrency} connections`;
  return requests(name, title, { model: 'bench-burst', stream: true, concurrency, events: EVENTS });
}

function paced(name, streams) {
  const title = `${streams.toLocaleString('en-US')} streams, 50 events a second each`;
  return { name, kind: 'paced', title, model: 'bench-paced', stream: true, streams, ms: 4000 };
}
