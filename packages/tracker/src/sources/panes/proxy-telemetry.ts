import { amountAt, textAt } from './json-fields.ts';
import type { Fields } from './json-fields.ts';
import { objectsOf } from './json-lines.ts';
import type { Look, PaneReading, Parsed } from './pane.ts';
import { Sight } from './pane.ts';

/** What the events of a proxy come to; null: no event tells. */
export interface TelemetryParsed extends Parsed {
  readonly total: number;
  readonly routed_to_glm_pct: number | null;
  readonly latency_p50_ms: number | null;
  readonly latency_p95_ms: number | null;
  readonly error_rate_pct: number | null;
}

const HEALTHY: ReadonlySet<string> = new Set(['ok', 'success', '200', 'routed', 'cached']);
const GLM_LANES: ReadonlySet<string> = new Set(['zai', 'z.ai', 'glm']);

/**
 * Reads JSON lines of a proxy: shares in percent, latencies in milliseconds, linear between two events. A status of 400
 * or more is an error whatever the reason says. Problems: invalid-json, invalid-latency, no-events.
 */
export function parseProxyTelemetry(text: string, when: Look): PaneReading<TelemetryParsed> {
  const sight = new Sight(text, when);
  const { objects, badLines } = objectsOf(sight, text);
  if (badLines.length > 0) {
    const [first] = badLines;
    const message = `${badLines.length} lines are no JSON objects, the first one is line ${first}; they are not counted`;
    sight.note({ code: 'invalid-json', message }, `json-parse:${first}`);
  }
  const events = objects.map(({ fields }) => fields);
  if (events.length === 0) sight.note({ code: 'no-events', message: 'the text has no events' });
  const latencies = events.flatMap((event) => latencyOf(event) ?? []).toSorted((a, b) => a - b);
  const spoiled = events.filter((event) => hasLatency(event) && latencyOf(event) === null).length;
  if (spoiled > 0)
    sight.note(
      { code: 'invalid-latency', message: `${spoiled} events have a latency that is no number` },
      'latency:invalid',
    );
  return sight.end({
    total: events.length,
    routed_to_glm_pct: shareOf(events, isGlm),
    latency_p50_ms: percentile(latencies, 0.5),
    latency_p95_ms: percentile(latencies, 0.95),
    error_rate_pct: shareOf(events, (event) => !isHealthy(event)),
  });
}

function isGlm(event: Fields): boolean {
  const [model, lane] = ['model', 'lane'].map((key) => (textAt(event, key) ?? '').toLowerCase());
  return (
    [model, lane].some((name) => name?.includes('glm')) || model?.includes('z.') === true || GLM_LANES.has(lane ?? '')
  );
}

function isHealthy(event: Fields): boolean {
  const status = statusOf(event);
  if (status !== null) return status < 400;
  const words = [textAt(event, 'status'), textAt(event, 'reason')].filter((word) => word !== null);
  return words.length === 0 || words.some((word) => HEALTHY.has(word.toLowerCase()));
}

/** An HTTP status, as a number or as digits; null: a word, or none. */
function statusOf(event: Fields): number | null {
  const status = amountAt(event, 'status');
  return status !== null && status >= 100 && status <= 599 ? status : null;
}

function hasLatency(event: Fields): boolean {
  return LATENCIES.some((key) => event[key] !== undefined && event[key] !== null);
}

function latencyOf(event: Fields): number | null {
  return LATENCIES.map((key) => amountAt(event, key)).find((value) => value !== null) ?? null;
}

const LATENCIES = ['latency_ms', 'latency'];

function shareOf(events: readonly Fields[], accept: (event: Fields) => boolean): number | null {
  return events.length === 0 ? null : (100 * events.filter(accept).length) / events.length;
}

/** Linear between the two nearest, on (n − 1)p. */
function percentile(sorted: readonly number[], p: number): number | null {
  const at = (sorted.length - 1) * p;
  const [low, high] = [sorted[Math.floor(at)], sorted[Math.ceil(at)]];
  return low === undefined || high === undefined ? null : low + (high - low) * (at - Math.floor(at));
}
