import { join } from 'node:path';
import { LOAD_CORE, startPinned } from '../processes.mjs';

/** Longer than any job may take, its last answers included. */
const JOB_LIMIT_MS = 90_000;

/** Starts the load generator's process. `run` plays one job and resolves with what it measured. */
export function startLoad() {
  const child = startPinned(process.execPath, [join(import.meta.dirname, 'worker.mjs')], {
    core: LOAD_CORE,
    ipc: true,
  });
  let take = (/** @type {any} */ _message) => undefined;
  child.on('message', (message) => take(message));
  return {
    child,
    pid: child.pid,
    /** @param {object} job  @param {() => void} onBegin  @param {() => void} onEnd the window has closed */
    run: (job, onBegin = () => undefined, onEnd = () => undefined) =>
      new Promise((resolve, reject) => {
        if (child.exitCode !== null) return reject(new Error('the load generator has ended'));
        let result;
        const limit = setTimeout(() => reject(new Error('the job took too long')), JOB_LIMIT_MS);
        const onExit = () => {
          clearTimeout(limit);
          reject(new Error(`the load generator ended: ${child.stderrText.slice(-500)}`));
        };
        child.once('exit', onExit);
        take = (message) => {
          if (message.begin) onBegin();
          if (message.result) {
            result = message.result;
            onEnd();
          }
          if (!message.closed) return;
          child.off('exit', onExit);
          clearTimeout(limit);
          if (message.error) reject(new Error(message.error));
          else resolve(result);
        };
        child.send(job);
      }),
  };
}
