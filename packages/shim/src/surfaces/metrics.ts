import { Registry } from 'prom-client';
import type { MeterReading } from '@ccp/contracts';
import type { Ended } from '../exchange.ts';
import type { SpeedView } from '../meter/speeds.ts';
import type { Cooldown } from '../quota/cooldown.ts';
import type { Counters, Tally } from '../store/counters.ts';
import type { StoreStatus as DatabaseStatus } from '../store/db/store-status.ts';
import type { LogStatus } from '../store/usage-log.ts';
import { registerCounters } from './counter-families.ts';
import { Distribution } from './distribution.ts';
import { registerGauges } from './gauge-families.ts';

export interface MetricsReaders {
  readonly counters: Counters;
  readonly log: () => LogStatus;
  /** Null: nothing is kept in a database. */
  readonly database: () => DatabaseStatus | null;
  readonly resting: (nowTs: number) => readonly Cooldown[];
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
  observe(where: Tally, ended: Ended): void;
  /** A write of rows and sums to the database, in seconds. */
  wrote(seconds: number): void;
}

/**
 * Counts live in {@link Counters}; they are copied here when somebody scrapes. Only distributions are observed as they
 * happen. Labels: lane, model (bounded), op, status, reason — never a session.
 */
export function createMetrics(readers: MetricsReaders): Metrics {
  const registry = new Registry();
  const original = new Registry();
  registerCounters(readers, registry, original);
  registerGauges(readers, registry, original);

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

  const written = new Distribution(registry, {
    name: 'ccp_rollup_duration_seconds',
    help: 'Writing rows and bringing hours and days up to date, in one transaction.',
    labels: ['granularity'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 120],
  });

  return {
    contentType: registry.contentType,
    text: async (originalNames) => (await registry.metrics()) + (originalNames ? await original.metrics() : ''),
    wrote: (seconds) => written.observe('all', seconds),
    observe: (where, ended) => {
      duration.observe(where.laneAndOp, ended.latencyMs / 1000);
      latency.observe(where.laneAndOp, ended.latencyMs);
      if (where.op !== 'stream' && where.op !== 'nonstream') return;
      if (ended.ttftMs !== null) ttft.observe(where.laneAndModel, ended.ttftMs / 1000);
      if (!ended.usageKnown) return;
      usage.observe(where.inputOf, ended.tokens.input);
      usage.observe(where.outputOf, ended.tokens.output);
    },
  };
}

/** Names and buckets of the OpenTelemetry GenAI conventions. */
const GEN_AI = ['gen_ai_provider_name', 'gen_ai_request_model'] as const;
const TTFT_BUCKETS = [0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];
const TOKEN_BUCKETS = Array.from({ length: 14 }, (_, power) => 4 ** power);
