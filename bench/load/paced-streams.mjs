import { connect } from 'node:net';
import { quantile } from '../report/quantile.mjs';
import { ResponseReader } from './response-reader.mjs';

const OPEN_PER_BEAT = 25;
const OPEN_EVERY_MS = 25;
/** A loaded server accepts slowly; streams that are not open by then count as lost. */
const OPEN_LIMIT_MS = 15_000;
const PROBE_EVERY_MS = 40;
/** The stream's third event is its first content. */
const DELTA = Buffer.from('event: content_block_delta');

/**
 * Opens streams little by little, lets them flow, and measures for a while: how many events came, the time between two
 * arrivals on one stream, and, on extra streams opened meanwhile, the time to the first content.
 *
 * @param {{ port: number, request: Buffer, streams: number, warmMs: number, ms: number, eventBytes: number, onBegin: () => void }} job
 */
export async function pacedStreams({ port, request, streams, warmMs, ms, eventBytes, onBegin }) {
  const run = {
    measuring: false,
    bytes: 0,
    arrivals: 0,
    gaps: /** @type {number[]} */ ([]),
    errors: 0,
    firstError: '',
  };
  const held = [];
  while (held.length < streams) {
    for (let index = 0; index < OPEN_PER_BEAT && held.length < streams; index += 1)
      held.push(new HeldStream(port, request, run));
    await pause(OPEN_EVERY_MS);
  }
  const until = performance.now() + OPEN_LIMIT_MS;
  while (performance.now() < until && held.some((stream) => !stream.isOpen)) await pause(50);
  await pause(warmMs);
  run.measuring = true;
  onBegin();
  const from = performance.now();
  const ttft = await probe(port, request, ms);
  const seconds = (performance.now() - from) / 1000;
  run.measuring = false;
  const open = held.filter((stream) => stream.isOpen).length;
  const result = {
    streams_open: open,
    errors: run.errors + (streams - open),
    first_error: run.firstError,
    seconds,
    events: Math.round(run.bytes / eventBytes),
    events_per_s: run.bytes / eventBytes / seconds,
    events_per_arrival: run.arrivals === 0 ? null : run.bytes / eventBytes / run.arrivals,
    gap_p50_ms: quantile(run.gaps, 0.5),
    gap_p99_ms: quantile(run.gaps, 0.99),
    ttft_p50_us: quantile(ttft, 0.5) * 1000,
    ttft_p99_us: quantile(ttft, 0.99) * 1000,
  };
  return { result, close: () => held.forEach((stream) => stream.close()) };
}

class HeldStream {
  isOpen = false;
  #socket;

  constructor(port, request, run) {
    const reader = new ResponseReader();
    const buffer = Buffer.allocUnsafe(16 * 1024);
    let lastMs = 0;
    let before = 0;
    const received = (size) => {
      this.isOpen = true;
      reader.feed(buffer.subarray(0, size));
      const now = performance.now();
      if (run.measuring) {
        run.bytes += reader.bodyBytes - before;
        run.arrivals += 1;
        if (lastMs > 0) run.gaps.push(now - lastMs);
      }
      before = reader.bodyBytes;
      lastMs = now;
      return true;
    };
    this.#socket = connect({ host: '127.0.0.1', port, noDelay: true, onread: { buffer, callback: received } });
    this.#socket.on('connect', () => this.#socket.write(request));
    this.#socket.on('error', (error) => {
      run.firstError ||= error.message;
    });
    this.#socket.on('close', () => (this.isOpen = false));
  }

  close() {
    this.#socket.destroy();
  }
}

/** Times to the first content of streams opened one after the other, in ms. */
async function probe(port, request, ms) {
  const times = [];
  const until = performance.now() + ms;
  while (performance.now() < until) {
    const [time] = await Promise.all([timeToContent(port, request), pause(PROBE_EVERY_MS)]);
    if (time !== null) times.push(time);
  }
  return times;
}

function timeToContent(port, request) {
  return new Promise((resolve) => {
    let sent = 0;
    const finish = (time) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(time);
    };
    const timer = setTimeout(() => finish(null), 3000);
    const socket = connect({ host: '127.0.0.1', port, noDelay: true }, () => {
      sent = performance.now();
      socket.write(request);
    });
    socket.on('data', (chunk) => {
      if (chunk.includes(DELTA)) finish(performance.now() - sent);
    });
    socket.on('error', () => finish(null));
  });
}

function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
