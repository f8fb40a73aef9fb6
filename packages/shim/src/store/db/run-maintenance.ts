import { Worker } from 'node:worker_threads';
import type { MaintenanceReport } from './maintenance.ts';
import type { MaintenanceOrder } from './maintenance-worker.ts';

/** Runs it on a thread of its own. Rejects with what went wrong there; nothing is half done then. */
export function runMaintenance(order: MaintenanceOrder): Promise<MaintenanceReport> {
  return new Promise((resolve, reject) => {
    const worker = startWorker(order);
    // A program that is done does not wait for it: SQLite survives being cut off.
    worker.unref();
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', (code) => reject(new Error(`maintenance of ${order.path} ended with ${code}, without a word`)));
  });
}

function startWorker(order: MaintenanceOrder): Worker {
  const here = import.meta.url;
  if (!here.endsWith('.ts')) return new Worker(new URL('./maintenance-worker.js', here), { workerData: order });
  // From source a worker needs a loader of its own: it does not inherit the one of its parent.
  const entry = JSON.stringify(new URL('./maintenance-worker.ts', here).href);
  const program = `import('tsx/esm/api').then(({ register }) => { register(); return import(${entry}); })`;
  return new Worker(program, { eval: true, workerData: order, execArgv: ['--conditions=source'] });
}
