import { amountAt, textAt } from './json-fields.ts';
import type { Fields } from './json-fields.ts';
import { objectsOf } from './json-lines.ts';
import type { Look, PaneReading, Parsed } from './pane.ts';
import { Sight } from './pane.ts';

/** What the events of a proxy come to. */
export interface TelemetryParsed extends Parsed {
  readonly total: number;
  readonly routed_to_glm_pct: number | null;
  readonly latency_p50_ms: number | null;
  readonly latency_p95_ms: number | null;
  readonly error_rate_pct: number | null;
}

/**
 * Counts the events of a proxy, one JSON object a line with `model`, `lane`, `latency_ms`, `status`, `reason`. It is no
 * meter: there are no readings. Problems: line-not-json, invalid-latency, no-events.
 */
export function parseProxyTelemetry(text: string, when: Look): PaneReading<TelemetryParsed> {
  const sight = new Sight(text, when);
  const { objects, badLines } = objectsOf(sight, text);
  const [line] = badLines;
  if (line !== undefined) {
    const message = `${badLines.length} line(s) are no JSON object, the first is line ${line}`;
    sight.note({ code: 'line-not-json', message, line }, `json-parse:${line}`);
  }
  const timed = objects.filter(({ fields }) => LATENCIES.some((key) => (fields[key] ?? null) !== null));
  const known = timed.flatMap(
    ({ fields }) => LATENCIES.map((key) => amountAt(fields, key)).find((ms) => ms !== null) ?? [],
  );
  if (known.length < timed.length) {
    const message = `${timed.length - known.length} event(s) have no usable latency; they are not in the percentiles`;
    sight.note({ code: 'invalid-latency', message }, 'latency:invalid');
  }
  if (objects.length === 0) sight.note({ code: 'no-events', message: 'the text holds no event' });
  const rising = known.toSorted((a, b) => a - b);
  return sight.end({
    total: objects.length,
    routed_to_glm_pct: percentOf(objects.filter(({ fields }) => isGlm(fields)).length, objects.length),
    latency_p50_ms: quantile(rising, 0.5),
    latency_p95_ms: quantile(rising, 0.95),
    error_rate_pct: percentOf(objects.filter(({ fields }) => !isHealthy(fields)).length, objects.length),
  });
}

/** The shim calls the lane `zai`; others name it after the model. */
function isGlm(event: Fields): boolean {
  const model = (textAt(event, 'model') ?? '').toLowerCase();
  const lane = (textAt(event, 'lane') ?? '').toLowerCase();
  return (
    model.includes('glm') || model.includes('z.') || lane.includes('glm') || /(?:^|[^a-z])z\.?ai(?:$|[^a-z])/.test(lane)
  );
}

const HEALTHY: ReadonlySet<string> = new Set(['ok', 'success', '200', 'routed', 'cached']);
const FAILED = /err|fail|time.?out|limit|den(?:y|ied)|reject|overload|abort|cancel|exception/;

/** A status, where there is one, outweighs the reason: a 429 is an error, whatever the router thought of it. */
function isHealthy(event: Fields): boolean {
  const status = event['status'];
  // −1 marks a decision, before any answer.
  if (status === undefined || status === null || status === '' || status === -1) return true;
  const code = amountAt(event, 'status');
  if (code !== null) return code >= 100 && code < 400;
  const word = typeof status === 'string' ? status.toLowerCase() : FAILURE;
  const reason = (textAt(event, 'reason') ?? '').toLowerCase();
  return !FAILED.test(word) && (HEALTHY.has(word) || HEALTHY.has(reason));
}

/** Stands for a status that is neither a number nor a word. */
const FAILURE = 'error';

const LATENCIES = ['latency_ms', 'latency'];

function percentOf(part: number, whole: number): number | null {
  return whole === 0 ? null : (part / whole) * 100;
}

/** Linear between neighbours, on (n − 1)·p. */
function quantile(rising: readonly number[], p: number): number | null {
  const at = (rising.length - 1) * p;
  const [below, above] = [rising[Math.floor(at)], rising[Math.ceil(at)]];
  return below === undefined || above === undefined ? null : below + (above - below) * (at - Math.floor(at));
}
