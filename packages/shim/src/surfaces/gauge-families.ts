import type { Registry } from 'prom-client';
import type { SpeedView } from '../meter/speeds.ts';
import { gauge } from './copied-family.ts';
import type { MetricsReaders } from './metrics.ts';

/** How things stand when somebody scrapes. `original` takes the family whose name carries "ms". */
export function registerGauges(readers: MetricsReaders, registry: Registry, original: Registry): void {
  const { counters } = readers;
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
    name: 'ccp_cooldown_seconds',
    help: 'Seconds a lane, or a model on it, still rests after a rejection.',
    labels: ['lane', 'model'],
    values: () => {
      const nowTs = readers.nowTs();
      return readers.resting(nowTs).map(({ lane, model, untilTs }) => [[lane, model ?? '*'], untilTs - nowTs]);
    },
  });
  gauge(registry, {
    name: 'ccp_store_size_bytes',
    help: 'Size of the database.',
    labels: [],
    values: () => [[[], readers.database()?.sizeBytes ?? 0]],
  });
  gauge(registry, {
    name: 'ccp_store_pending_rows',
    help: 'Rows waiting in memory to be written.',
    labels: [],
    values: () => [[[], readers.database()?.pendingRows ?? 0]],
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
}

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
