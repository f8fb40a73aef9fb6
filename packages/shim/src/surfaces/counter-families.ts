import type { Registry } from 'prom-client';
import type { Family } from '../store/counters.ts';
import { counter } from './copied-family.ts';
import type { MetricsReaders } from './metrics.ts';

/** Every count since the process started. `original` takes the families whose names carry "ms". */
export function registerCounters(readers: MetricsReaders, registry: Registry, original: Registry): void {
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
  from(
    'ccp_cooldowns_total',
    'Cooldowns that began, by what was rejected.',
    ['lane', 'kind'],
    () => counters.cooldowns,
  );
  from(
    'ccp_shadow_decisions_total',
    'Requests a quota in shadow mode would have turned away.',
    ['model', 'decision'],
    () => counters.shadow,
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
    name: 'ccp_log_writes_total',
    help: 'Log lines written.',
    labels: [],
    values: () => [[[], readers.log().writes]],
  });
  counter(registry, {
    name: 'ccp_log_write_errors_total',
    help: 'Failed writes of the log.',
    labels: [],
    values: () => [[[], readers.log().writeErrors]],
  });
  counter(registry, {
    name: 'ccp_store_writes_total',
    help: 'Rows written to the database.',
    labels: [],
    values: () => [[[], readers.database()?.rowsWritten ?? 0]],
  });
  counter(registry, {
    name: 'ccp_store_write_errors_total',
    help: 'Failed writes of the database; the rows wait and are written later.',
    labels: [],
    values: () => [[[], readers.database()?.writeErrors ?? 0]],
  });
}
