// Clients that ask for one turn after the other and write down what they saw of each: the books of the client.
import { Agent, request } from 'node:http';
import { createGunzip } from 'node:zlib';

const MODELS = ['claude-sonnet-4-5', 'claude-haiku-4-5', 'claude-opus-4-1'];
/** A client that gets no answer at once must not spin. */
const PAUSE_MS = 30;

export class Clients {
  /** Every attempt, in the order they ended: {id, rid, model, status, whole, tokens, endedMs}. */
  attempts = [];
  #stop = false;
  #running = [];

  constructor(url, streams) {
    const agent = new Agent({ keepAlive: true, maxSockets: streams });
    this.#running = Array.from({ length: streams }, (_, index) => this.#client(url, agent, index));
    this.#running.push(Promise.all(this.#running).then(() => agent.destroy()));
  }

  async stop() {
    this.#stop = true;
    await Promise.all(this.#running);
  }

  async #client(url, agent, index) {
    for (let turn = 0; !this.#stop; turn += 1) {
      const attempt = await ask(url, agent, MODELS[(index + turn) % MODELS.length]);
      this.attempts.push(attempt);
      if (!attempt.whole) await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
}

function ask(url, agent, model) {
  const body = JSON.stringify({ model, max_tokens: 100, stream: true, messages: [{ role: 'user', content: 'go on' }] });
  const headers = {
    'content-type': 'application/json',
    'content-length': String(body.length),
    authorization: 'Bearer x',
  };
  return new Promise((resolve) => {
    const done = (answer, text) => {
      const status = answer?.statusCode ?? 0;
      const id = answer?.headers['request-id'] ?? null;
      const rid = answer?.headers['x-ccp-rid'] ?? null;
      const whole = status === 200 && text.includes('event: message_stop');
      resolve({ id, rid, model, status, whole, tokens: whole ? tokensIn(text) : null, endedMs: performance.now() });
    };
    const sent = request(`${url}/v1/messages`, { method: 'POST', agent, headers }, (answer) => {
      let text = '';
      const end = () => done(answer, text);
      const body = answer.headers['content-encoding'] === 'gzip' ? answer.pipe(createGunzip()) : answer;
      body.on('data', (chunk) => (text += chunk));
      body.on('end', end).on('error', end);
      answer.on('error', end).on('aborted', end);
    });
    sent.on('error', () => done(null, ''));
    sent.end(body);
  });
}

/** Of the stream's own events: the later count of a type wins. */
function tokensIn(text) {
  const usage = {};
  for (const [, json] of text.matchAll(/^data: (\{"type":"message_(?:start|delta)".*\})\r?$/gmu)) {
    const event = JSON.parse(json);
    Object.assign(usage, event.message?.usage, event.usage);
  }
  return {
    input: usage.input_tokens,
    output: usage.output_tokens,
    cache_write: usage.cache_creation_input_tokens,
    cache_read: usage.cache_read_input_tokens,
  };
}
