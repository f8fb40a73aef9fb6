// Preloaded into Node servers under test. On SIGUSR2 it writes how late the event loop was since the last signal, and
// starts anew. Costs nothing until the first signal.
import { renameSync, writeFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';

const RESOLUTION_MS = 1;
/** @type {import('node:perf_hooks').IntervalHistogram | null} */
let histogram = null;

process.on('SIGUSR2', () => {
  const file = process.env.CCP_BENCH_LOOP_DELAY;
  if (file === undefined) return;
  // The histogram counts the sampling interval itself.
  const late = (ns) => Math.max(0, ns / 1e6 - RESOLUTION_MS);
  const read =
    histogram === null
      ? null
      : { p50_ms: late(histogram.percentile(50)), p99_ms: late(histogram.percentile(99)), max_ms: late(histogram.max) };
  histogram?.disable();
  histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  histogram.enable();
  writeFileSync(`${file}.new`, JSON.stringify(read));
  renameSync(`${file}.new`, file);
});
