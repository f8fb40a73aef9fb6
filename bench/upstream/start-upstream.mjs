import { join } from 'node:path';
import { LOAD_CORE, startPinned } from '../processes.mjs';
import { recordAnswers } from './recorded-answers.mjs';

/** Starts the replaying upstream on the load generator's core. */
export async function startUpstream(shimMain) {
  const answers = await recordAnswers(shimMain);
  const script = join(import.meta.dirname, 'replay-server.mjs');
  const child = startPinned(process.execPath, [script], { core: LOAD_CORE, ipc: true });
  const port = await new Promise((resolve, reject) => {
    child.once('message', (message) => resolve(message.port));
    child.once('exit', () => reject(new Error(`the upstream did not start: ${child.stderrText}`)));
    child.send(answers);
  });
  return { child, port, pid: child.pid, answers: { eventBytes: Buffer.byteLength(answers.events[3] ?? '') } };
}
