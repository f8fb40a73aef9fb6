import { Worker } from 'node:worker_threads';
import type { MaintenanceReport } from './maintenance.ts';
import type { MaintenanceOrder } from './maintenance-worker.ts';

/** Runs it on a thread of its own. Rejects with what went wrong there; nothing is half done then. */
export function runMaintenance(order: MaintenanceOrder): Promise<MaintenanceReport> {
  const here = import.meta.url;
  const fromSource = here.endsWith('.ts');
  const entry = new URL(fromSource ? './maintenance-worker.ts' : './maintenance-worker.js', here);
  const execArgv = fromSource ? ['--import', 'tsx', '--conditions=source'] : [];
  return new Promise((resolve, reject) => {
    const worker = new Worker(entry, { workerData: order, execArgv });
    // A program that is done does not wait for it: SQLite survives being cut off.
    worker.unref();
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', (code) => reject(new Error(`maintenance of ${order.path} ended with ${code}, without a word`)));
  });
}
