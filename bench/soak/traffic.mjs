// Requests at a fixed rate, whether or not the ones before have been answered.
import { Agent, request } from 'node:http';

const MODELS = ['claude-sonnet-4-5', 'claude-haiku-4-5', 'claude-opus-4-1'];
const PROMPT = 'Read before you write, and say what you did. ';
const SMALL = PROMPT.repeat(40);
const LARGE = PROMPT.repeat(4_500);
const TICK_MS = 20;
/** Enough for percentiles, in bounded memory. */
const KEPT_LATENCIES = 20_000;

export class Traffic {
  total = 0;
  statuses = {};
  #url;
  #rate;
  #agent = new Agent({ keepAlive: true, maxSockets: 400 });
  #timer;
  #open = 0;
  #since = 0;
  #latencies = [];

  constructor(url, rate) {
    this.#url = url;
    this.#rate = rate;
  }

  start() {
    let due = 0;
    let lastMs = performance.now();
    this.#timer = setInterval(() => {
      const nowMs = performance.now();
      due += ((nowMs - lastMs) / 1000) * this.#rate;
      lastMs = nowMs;
      for (; due >= 1; due -= 1) this.#send();
    }, TICK_MS);
  }

  /** Requests sent since the last call. */
  take() {
    const requests = this.#since;
    this.#since = 0;
    return { requests, open: this.#open };
  }

  async stop() {
    clearInterval(this.#timer);
    const deadline = Date.now() + 30_000;
    while (this.#open > 0 && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 50));
    this.#agent.destroy();
  }

  latency() {
    const sorted = this.#latencies.toSorted((a, b) => a - b);
    const at = (share) => Math.round((sorted[Math.floor((sorted.length - 1) * share)] ?? 0) * 10) / 10;
    return { p50: at(0.5), p90: at(0.9), p99: at(0.99) };
  }

  #send() {
    const number = this.total;
    this.total += 1;
    this.#since += 1;
    this.#open += 1;
    const stream = number % 3 !== 0;
    const text = number % 50 === 0 ? LARGE : SMALL;
    const model = MODELS[number % MODELS.length];
    const body = JSON.stringify({ model, max_tokens: 1000, stream, messages: [{ role: 'user', content: text }] });
    const headers = {
      'content-type': 'application/json',
      'content-length': String(body.length),
      authorization: 'Bearer x',
      'x-claude-code-session-id': `session-${number % 8}`,
    };
    const startedMs = performance.now();
    const leaves = number % 37 === 0;
    let closed = false;
    const close = (status) => {
      if (closed) return;
      closed = true;
      this.#open -= 1;
      this.statuses[status] = (this.statuses[status] ?? 0) + 1;
      if (this.#latencies.length < KEPT_LATENCIES) this.#latencies.push(performance.now() - startedMs);
      else this.#latencies[number % KEPT_LATENCIES] = performance.now() - startedMs;
    };
    const sent = request(`${this.#url}/v1/messages`, { method: 'POST', agent: this.#agent, headers }, (answer) => {
      answer.on('data', () => {
        if (!leaves) return;
        sent.destroy();
        close('left');
      });
      answer.on('end', () => close(answer.statusCode));
      answer.on('error', () => close('cut'));
    });
    sent.on('error', () => close('error'));
    sent.end(body);
  }
}
