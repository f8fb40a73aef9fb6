// Preloaded into Node servers under test. On SIGUSR2 it collects all garbage, twice, and writes what is left. Costs nothing
// until the first signal.
import { renameSync, writeFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

process.on('SIGUSR2', () => {
  const file = process.env.CCP_BENCH_LIVE_HEAP;
  if (file === undefined) return;
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc');
  collect();
  // Finalizers of the first round let go of more.
  setImmediate(() => {
    collect();
    const { heapUsed, external, arrayBuffers } = process.memoryUsage();
    writeFileSync(`${file}.new`, JSON.stringify({ heapUsed, external, arrayBuffers }));
    renameSync(`${file}.new`, file);
  });
});
