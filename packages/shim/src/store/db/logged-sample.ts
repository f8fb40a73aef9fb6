import { createHash } from 'node:crypto';
import { endedOf, type Sample } from './sample.ts';

/** `skipped`: a line that is no finished exchange. `problem`: one that should be and can't be used, in words. */
export type LoggedSample =
  | { readonly kind: 'sample'; readonly sample: Sample }
  | { readonly kind: 'skipped' }
  | { readonly kind: 'problem'; readonly words: string };

const SKIPPED: LoggedSample = { kind: 'skipped' };

/**
 * What a line of a usage log says, in our fields or in those of the original program and its predecessors. Its `ts` is
 * when the exchange ended. The line before an attempt and the early line of a stream are no samples.
 */
export function loggedSample(value: unknown): LoggedSample {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return problem('is no object');
  const line = new Line(value as Readonly<Record<string, unknown>>);
  if (Object.keys(value).length === 0) return SKIPPED;
  if (line.text('event') === 'decision' || line.text('reason') === 'streaming' || line.text('ended') === 'pending')
    return SKIPPED;
  const status = line.number('status');
  if (status === -1) return SKIPPED;
  // Only a request for an answer is a sample.
  if (NO_SAMPLES.has(line.text('op'))) return SKIPPED;
  const ts = line.number('ts');
  if (ts === null || ts <= 0 || ts > MOST_TS) return problem('has no usable ts');
  if (status === null) return problem('has no status');
  return { kind: 'sample', sample: sampleFrom(line, ts, status) };
}

const NO_SAMPLES: ReadonlySet<string> = new Set(['count_tokens', 'models']);
/** Year 2286: beyond it somebody wrote milliseconds. */
const MOST_TS = 1e10;

function sampleFrom(line: Line, ts: number, status: number): Sample {
  const inputTokens = line.count('input_tokens', 'in_tokens');
  const outputTokens = line.count('output_tokens', 'out_tokens');
  const latencyMs = Math.max(0, line.number('latency_ms') ?? 0);
  const streamMs = line.number('stream_ms') ?? 0;
  const ttftMs = line.number('ttft_ms') ?? 0;
  const errType = line.text('err_type');
  const named = { model: line.text('model') || '(none)', lane: line.text('lane') };
  return {
    ts,
    rid: line.text('rid') || stableRid([named.model, named.lane, latencyMs, inputTokens, outputTokens, minute(ts)]),
    epoch: line.text('epoch'),
    ...named,
    op: line.text('op'),
    inputTokens,
    outputTokens,
    cacheWriteTokens: line.count('cache_write_tokens'),
    cacheReadTokens: line.count('cache_read_tokens'),
    usageKnown: line.flag('usage_known') ?? inputTokens + outputTokens > 0,
    dirtyS: latencyMs / 1000,
    streamS: (streamMs > 0 ? streamMs : latencyMs) / 1000,
    ttftMs: ttftMs > 0 ? ttftMs : null,
    status,
    ended: line.text('ended') || (status < 100 ? 'failed' : oldEnd(line.text('reason'), errType)),
    errType,
    decision: decisionOf(line),
    rerouteMode: line.text('reroute_mode'),
    warnPctAuto: line.number('warn_pct_auto'),
    gapSecondsP50: line.number('gap_seconds_p50'),
    gapSecondsP95: line.number('gap_seconds_p95'),
    gapSamples: line.count('gap_samples'),
    upstream: line.text('upstream'),
    h2: line.flag('h2') ?? false,
    headerMode: line.text('header_mode'),
    requestId: line.text('request_id') || null,
    sessionId: line.text('session_id') || null,
    agentId: line.text('agent_id') || null,
  };
}

/** Ours are written with both; the original program put the same word into one of the two. */
function decisionOf(line: Line): string {
  if (line.text('usage_event_schema') !== '') return line.text('decision');
  return line.text('decision_reason') || line.text('decision');
}

function oldEnd(reason: string, errType: string): string {
  return reason === 'stream_timeout' ? 'timeout' : endedOf(errType);
}

function minute(ts: number): number {
  return Math.floor(ts / 60);
}

/** For lines without one: the same line gets the same again. */
function stableRid(parts: readonly (string | number)[]): string {
  return createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 8);
}

function problem(words: string): LoggedSample {
  return { kind: 'problem', words };
}

class Line {
  readonly #fields: Readonly<Record<string, unknown>>;

  constructor(fields: Readonly<Record<string, unknown>>) {
    this.#fields = fields;
  }

  text(name: string): string {
    const value = this.#fields[name];
    return typeof value === 'string' ? value : '';
  }

  number(name: string): number | null {
    const value = this.#fields[name];
    return typeof value === 'number' && Number.isFinite(value) ? value : null;
  }

  flag(name: string): boolean | null {
    const value = this.#fields[name];
    return typeof value === 'boolean' ? value : null;
  }

  /** Of the first name that is there. */
  count(...names: readonly string[]): number {
    for (const name of names) {
      const value = this.number(name);
      if (value !== null) return Math.max(0, Math.round(value));
    }
    return 0;
  }
}
