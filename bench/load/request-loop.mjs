import { connect } from 'node:net';
import { quantile } from '../report/quantile.mjs';
import { ResponseReader } from './response-reader.mjs';

/** How long answers in flight may take after the window has closed. */
const DRAIN_MS = 30_000;
const WARM_LIMIT_MS = 6_000;
const READ_BYTES = 64 * 1024;

/**
 * A closed loop: each connection sends its next request when the last answer is complete, until the window closes;
 * then answers in flight are waited for. With `everyMs` a connection sends no sooner than so long after its last request:
 * servers that keep up then do the same work in the same time.
 *
 * @param {{ port: number, request: Buffer, concurrency: number, everyMs?: number, warmMs: number, warmRequests: number, ms: number, onBegin: () => void }} job
 */
export async function requestLoop({ port, request, concurrency, everyMs = 0, warmMs, warmRequests, ms, onBegin }) {
  const run = {
    request,
    everyMs,
    answered: 0,
    ttfb: /** @type {number[]} */ ([]),
    count: 0,
    errors: 0,
    firstError: '',
    lastMs: 0,
    until: 0,
    from: 0,
  };
  run.from = run.until = Infinity;
  const lanes = Array.from(
    { length: concurrency },
    (_, index) => new Connection(port, run, (index * everyMs) / concurrency),
  );
  await warmUp(run, { warmMs, warmRequests });
  run.from = performance.now();
  run.until = run.from + ms;
  onBegin();
  const deadline = setTimeout(() => {
    for (const lane of lanes) lane.fail('no answer within the time given');
  }, ms + DRAIN_MS);
  await Promise.all(lanes.map((lane) => lane.done));
  clearTimeout(deadline);
  const seconds = (run.lastMs - run.from) / 1000;
  return {
    requests: run.count,
    errors: run.errors,
    first_error: run.firstError,
    seconds,
    rps: run.count === 0 ? 0 : run.count / seconds,
    ttfb_p50_us: quantile(run.ttfb, 0.5) * 1000,
    ttfb_p99_us: quantile(run.ttfb, 0.99) * 1000,
  };
}

/** At least the time and the requests wanted: a slow server's code would stay uncompiled in a fast one's warm-up. */
async function warmUp(run, { warmMs, warmRequests }) {
  const from = performance.now();
  const elapsed = () => performance.now() - from;
  while (run.errors < 20 && (elapsed() < warmMs || (run.answered < warmRequests && elapsed() < WARM_LIMIT_MS)))
    await new Promise((resolve) => setTimeout(resolve, 20));
}

class Connection {
  /** @type {Promise<void>} */
  done;
  #run;
  #reader = new ResponseReader();
  #socket;
  #sentMs = 0;
  #dueMs = 0;
  #ttfb = 0;
  #counted = 0;
  #finish = () => undefined;
  #over = false;

  constructor(port, run, firstAfterMs) {
    this.#run = run;
    this.done = new Promise((resolve) => (this.#finish = () => resolve(undefined)));
    const buffer = Buffer.allocUnsafe(READ_BYTES);
    this.#socket = connect({
      host: '127.0.0.1',
      port,
      noDelay: true,
      // One buffer for all reads: no allocation per chunk.
      onread: { buffer, callback: (size) => this.#received(buffer.subarray(0, size)) },
    });
    this.#socket.on('connect', () => {
      this.#dueMs = performance.now() + firstAfterMs;
      this.#sendWhenDue();
    });
    this.#socket.on('error', (error) => this.fail(error.message));
    this.#socket.on('close', () => this.fail('the connection was closed'));
  }

  fail(why) {
    if (this.#over) return;
    this.#run.errors += 1;
    this.#run.firstError ||= why;
    this.#stop();
  }

  #sendWhenDue() {
    const waitMs = this.#dueMs - performance.now();
    if (waitMs > 0) setTimeout(() => this.#send(), waitMs);
    else this.#send();
  }

  #send() {
    if (this.#over) return;
    this.#ttfb = 0;
    this.#sentMs = performance.now();
    this.#dueMs = Math.max(this.#dueMs + this.#run.everyMs, this.#sentMs);
    this.#socket.write(this.#run.request);
  }

  #received(bytes) {
    const now = performance.now();
    if (this.#ttfb === 0) this.#ttfb = now - this.#sentMs;
    if (!this.#reader.feed(bytes)) return true;
    const run = this.#run;
    run.answered += 1;
    if (this.#reader.status !== 200) {
      run.errors += 1;
      run.firstError ||= `status ${this.#reader.status}`;
    } else if (this.#sentMs >= run.from) {
      run.count += 1;
      this.#counted += 1;
      run.ttfb.push(this.#ttfb);
      run.lastMs = now;
    }
    // A server too slow for the window still gets to answer once per connection.
    if (run.errors < 20 && (now < run.until || this.#counted === 0)) this.#sendWhenDue();
    else this.#stop();
    return true;
  }

  #stop() {
    this.#over = true;
    this.#socket.destroy();
    this.#finish();
  }
}
