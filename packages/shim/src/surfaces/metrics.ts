import { Registry } from 'prom-client';
import type { MeterReading } from '@ccp/contracts';
import type { Ended } from '../exchange.ts';
import type { SpeedView } from '../meter/speeds.ts';
import type { Counters, Family } from '../store/counters.ts';
import type { LogStatus } from '../store/usage-log.ts';
import { counter, gauge } from './copied-family.ts';
import { Distribution } from './distribution.ts';

export interface MetricsReaders {
  readonly counters: Counters;
  readonly log: () => LogStatus;
  readonly whyUnusable: (lane: string) => string | null;
  readonly laneIds: () => Iterable<string>;
  readonly speeds: (model: string) => SpeedView;
  readonly meters: () => Iterable<MeterReading>;
  readonly startedTs: number;
  readonly nowTs: () => number;
}

export interface Metrics {
  readonly contentType: string;
  /** Prometheus text. `originalNames` adds the three families of the originals whose names carry "ms". */
  text(originalNames: boolean): Promise<string>;
  observe(where: { readonly lane: string; readonly model: string; readonly op: string }, ended: Ended): void;
}

/**
 * Counts live in {@link Counters}; they are copied here when somebody scrapes. Only distributions are observed as they
 * happen. Labels: lane, model (bounded), op, status, reason — never a session.
 */
export function createMetrics(readers: MetricsReaders): Metrics {
  const registry = new Registry();
  const original = new Registry();
  const { counters } = readers;
  const from = (name: string, help: string, labels: readonly string[], family: () => Family): void => {
    counter(registry, {
      name,
      help,
      labels,
      values: () => [...family()].map(([key, value]) => [key.split('\n'), value]),
    });
  };
  const spent = (type: 'input' | 'output' | 'cacheWrite' | 'cacheRead' | 'streamS' | 'dirtyS') => () =>
    [...counters.tokens].map(([key, sums]): [string[], number] => [key.split('\n'), sums[type]]);
  const perModel =
    (
      field: 'fallbacks' | 'rate_limited' | 'overloaded' | 'truncated' | 'cancelled' | 'timeouts' | 'wasted_retry_ms',
      scale = 1,
    ) =>
    () =>
      [...counters.models].map(([model, values]): [string[], number] => [[model], values[field] * scale]);

  from('ccp_requests_total', 'Requests answered.', ['lane', 'op', 'status'], () => counters.requests);
  from('ccp_request_ends_total', 'How request bodies ended.', ['lane', 'ended'], () => counters.ended);
  from(
    'ccp_preferred_attempt_total',
    'Requests that stayed on the preferred lane although its quota warned.',
    ['lane', 'model'],
    () => counters.preferred,
  );
  from(
    'ccp_rerouted_on_limit_total',
    'Requests that left the preferred lane.',
    ['mode', 'model'],
    () => counters.rerouted,
  );
  from(
    'ccp_reroute_attempts_total',
    'Attempts on another lane, with the decision behind them.',
    ['from_lane', 'to_lane', 'reason'],
    () => counters.rerouteAttempts,
  );
  from(
    'ccp_quota_blocks_total',
    'Requests a quota turned away from a lane.',
    ['model', 'kind'],
    () => counters.quotaBlocks,
  );
  const lm = ['lane', 'model'];
  counter(registry, {
    name: 'ccp_input_tokens_total',
    help: 'Fresh input tokens.',
    labels: lm,
    values: spent('input'),
  });
  counter(registry, { name: 'ccp_output_tokens_total', help: 'Output tokens.', labels: lm, values: spent('output') });
  counter(registry, {
    name: 'ccp_cache_write_tokens_total',
    help: 'Input tokens written to the prompt cache.',
    labels: lm,
    values: spent('cacheWrite'),
  });
  counter(registry, {
    name: 'ccp_cache_read_tokens_total',
    help: 'Input tokens read from the prompt cache.',
    labels: lm,
    values: spent('cacheRead'),
  });
  counter(registry, {
    name: 'ccp_stream_seconds_total',
    help: 'Seconds from first to last byte.',
    labels: lm,
    values: spent('streamS'),
  });
  counter(registry, {
    name: 'ccp_dirty_seconds_total',
    help: 'Wall-clock seconds, retries included.',
    labels: lm,
    values: spent('dirtyS'),
  });
  counter(registry, {
    name: 'ccp_fallbacks_total',
    help: 'Attempts that followed a failure on another lane.',
    labels: ['model'],
    values: perModel('fallbacks'),
  });
  counter(registry, {
    name: 'ccp_rate_limited_total',
    help: 'Answers with status 429.',
    labels: ['model'],
    values: perModel('rate_limited'),
  });
  counter(registry, {
    name: 'ccp_overloaded_total',
    help: 'Answers with status 529.',
    labels: ['model'],
    values: perModel('overloaded'),
  });
  counter(registry, {
    name: 'ccp_truncated_total',
    help: 'Streams that ended without their closing event.',
    labels: ['model'],
    values: perModel('truncated'),
  });
  counter(registry, {
    name: 'ccp_cancelled_total',
    help: 'Exchanges the client left.',
    labels: ['model'],
    values: perModel('cancelled'),
  });
  counter(registry, {
    name: 'ccp_timeouts_total',
    help: 'Exchanges given up on a time limit.',
    labels: ['model'],
    values: perModel('timeouts'),
  });
  counter(registry, {
    name: 'ccp_wasted_retry_seconds_total',
    help: 'Seconds spent on attempts that came to nothing.',
    labels: ['model'],
    values: perModel('wasted_retry_ms', 0.001),
  });
  counter(original, {
    name: 'ccp_wasted_retry_ms_total',
    help: 'Milliseconds spent on attempts that came to nothing.',
    labels: ['model'],
    values: perModel('wasted_retry_ms'),
  });
  counter(registry, {
    name: 'ccp_partial_writes_total',
    help: 'Answers cut short after their head was sent.',
    labels: [],
    values: () => [[[], counters.partialWrites]],
  });
  counter(registry, {
    name: 'ccp_store_writes_total',
    help: 'Log lines written.',
    labels: [],
    values: () => [[[], readers.log().writes]],
  });
  counter(registry, {
    name: 'ccp_store_write_errors_total',
    help: 'Failed writes of the log.',
    labels: [],
    values: () => [[[], readers.log().writeErrors]],
  });
  gauge(registry, {
    name: 'ccp_upstream_ready',
    help: '1 when a request could be sent on the lane now.',
    labels: ['lane'],
    values: () => [...readers.laneIds()].map((id) => [[id], readers.whyUnusable(id) === null ? 1 : 0]),
  });
  gauge(registry, {
    name: 'ccp_active_requests',
    help: 'Requests in flight.',
    labels: ['lane'],
    values: () => [...counters.lanes].map(([id, lane]) => [[id], lane.active]),
  });
  gauge(registry, {
    name: 'ccp_vendor_meter_ratio',
    help: "Used share of a provider's own limit, from response headers.",
    labels: ['lane', 'meter'],
    values: () =>
      [...readers.meters()].flatMap((m): [string[], number][] =>
        m.value === null || !m.limit ? [] : [[[m.lane, m.meter], m.value / m.limit]],
      ),
  });
  gauge(registry, {
    name: 'ccp_vendor_meter_age_seconds',
    help: 'Age of that reading.',
    labels: ['lane', 'meter'],
    values: () =>
      [...readers.meters()].map((m) => [
        [m.lane, m.meter],
        Math.max(0, readers.nowTs() - Date.parse(m.observed_at) / 1000),
      ]),
  });
  gauge(original, {
    name: 'ccp_ttft_ms',
    help: 'Time to first token over the rolling window.',
    labels: ['model', 'quantile'],
    values: () => [...counters.models.keys()].flatMap((model) => quantiles(model, readers.speeds(model))),
  });
  gauge(registry, {
    name: 'ccp_process_resident_memory_bytes',
    help: 'Resident memory.',
    labels: [],
    values: () => [[[], process.memoryUsage.rss()]],
  });
  gauge(registry, {
    name: 'ccp_start_time_seconds',
    help: 'When the process started, in epoch seconds.',
    labels: [],
    values: () => [[[], readers.startedTs]],
  });

  const laneAndOp = ['lane', 'op'];
  const duration = new Distribution(registry, {
    name: 'ccp_request_duration_seconds',
    help: 'Accepted to last byte.',
    labels: laneAndOp,
    buckets: [0.1, 0.25, 0.5, 1, 2, 5, 10, 30],
  });
  const latency = new Distribution(original, {
    name: 'ccp_latency_ms',
    help: 'Accepted to last byte, in milliseconds.',
    labels: laneAndOp,
    buckets: [100, 250, 500, 1000, 2000, 5000, 10_000, 30_000],
  });
  const ttft = new Distribution(registry, {
    name: 'gen_ai_server_time_to_first_token_seconds',
    help: 'Accepted to first content delta.',
    labels: GEN_AI,
    buckets: TTFT_BUCKETS,
  });
  const usage = new Distribution(registry, {
    name: 'gen_ai_client_token_usage',
    help: 'Tokens per request, by type.',
    labels: [...GEN_AI, 'gen_ai_token_type'],
    buckets: TOKEN_BUCKETS,
  });

  return {
    contentType: registry.contentType,
    text: async (originalNames) => (await registry.metrics()) + (originalNames ? await original.metrics() : ''),
    observe: ({ lane, model, op }, ended) => {
      const where = `${lane}\n${op}`;
      duration.observe(where, ended.latencyMs / 1000);
      latency.observe(where, ended.latencyMs);
      if (op !== 'stream' && op !== 'nonstream') return;
      const what = `${lane}\n${model}`;
      if (ended.ttftMs !== null) ttft.observe(what, ended.ttftMs / 1000);
      if (!ended.usageKnown) return;
      usage.observe(`${what}\ninput`, ended.tokens.input);
      usage.observe(`${what}\noutput`, ended.tokens.output);
    },
  };
}

/** Names and buckets of the OpenTelemetry GenAI conventions. */
const GEN_AI = ['gen_ai_provider_name', 'gen_ai_request_model'] as const;
const TTFT_BUCKETS = [0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];
const TOKEN_BUCKETS = Array.from({ length: 14 }, (_, power) => 4 ** power);

function quantiles(model: string, { ttft_ms: ttft }: SpeedView): [string[], number][] {
  const pairs: [string, number | null][] = [
    ['0.5', ttft.p50],
    ['0.9', ttft.p90],
    ['0.99', ttft.p99],
  ];
  return pairs.flatMap(([quantile, value]): [string[], number][] =>
    value === null ? [] : [[[model, quantile], value]],
  );
}
