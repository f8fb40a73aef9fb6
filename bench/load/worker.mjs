// The load generator, in its own process. Takes one job at a time over IPC: {scenario, port, headers, …}; answers
// {begin: true} when the measured window opens and {result} or {error} at its end, {closed: true} when all is let go.
import { connect } from 'node:net';
import { oneRequest } from './one-request.mjs';
import { pacedStreams } from './paced-streams.mjs';
import { requestBytes } from './request-bytes.mjs';
import { requestLoop } from './request-loop.mjs';

process.on('message', (/** @type {any} */ job) => {
  run(job).then(
    () => process.send?.({ closed: true }),
    (error) => process.send?.({ error: error.message, closed: true }),
  );
});
process.on('disconnect', () => process.exit(0));

async function run(job) {
  const request = requestBytes(job);
  const onBegin = () => process.send?.({ begin: true });
  const { kind } = job.scenario;
  if (job.verify) {
    const maxBytes = kind === 'paced' ? 20 * job.eventBytes : kind === 'stalled' ? 100_000 : Infinity;
    process.send?.({ result: await oneRequest({ port: job.port, request, maxBytes }) });
  } else if (kind === 'requests') {
    process.send?.({ result: await requestLoop({ ...job, ...job.scenario, ms: job.ms, request, onBegin }) });
  } else if (kind === 'paced') {
    const { result, close } = await pacedStreams({ ...job, ...job.scenario, ms: job.ms, request, onBegin });
    process.send?.({ result });
    close();
    await new Promise((resolve) => setTimeout(resolve, 300));
  } else {
    process.send?.({ result: await stall(job.port, request, job.ms, onBegin) });
  }
}

/** Reads the first bytes of an endless answer and then nothing more. */
async function stall(port, request, ms, onBegin) {
  const socket = connect({ host: '127.0.0.1', port }, () => socket.write(request));
  socket.on('error', () => undefined);
  await new Promise((resolve) => socket.once('data', resolve));
  socket.pause();
  onBegin();
  await new Promise((resolve) => setTimeout(resolve, ms));
  const read = socket.bytesRead;
  socket.destroy();
  return { bytes_read: read };
}
