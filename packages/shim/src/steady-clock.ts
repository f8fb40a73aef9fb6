// Imported because the global of that name is looked up anew at every use, which costs more than reading the clock.
import { performance } from 'node:perf_hooks';

/** Milliseconds of a clock that nobody sets, from the start of the process on. */
export function steadyMs(): number {
  return performance.now();
}
