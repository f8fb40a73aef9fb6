// Clients that ask for one turn after the other and write down what they saw of each: the books of the client.
import { Agent, request } from 'node:http';
import { createGunzip } from 'node:zlib';

import { MODELS } from './stage.mjs';

/** A client that gets no answer at once must not spin. */
const PAUSE_MS = 30;

export class Clients {
  /** Every attempt, in the order they ended: {id, rid, model, lane, status, whole, tokens, endedMs}. */
  attempts = [];
  #stop = false;
  #running = [];
  #url;

  constructor(url, streams) {
    this.#url = url;
    const agent = new Agent({ keepAlive: true, maxSockets: streams });
    this.#running = Array.from({ length: streams }, (_, index) => this.#client(url, agent, index));
    this.#running.push(Promise.all(this.#running).then(() => agent.destroy()));
  }

  /** One turn more, counted like the others. */
  async ask(model) {
    const attempt = await ask(this.#url, false, model);
    this.attempts.push(attempt);
    return attempt;
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
      const lane = answer?.headers['x-ccp-lane'] ?? null;
      const whole = status === 200 && text.includes('event: message_stop');
      resolve({
        id,
        rid,
        model,
        lane,
        status,
        whole,
        tokens: whole ? tokensIn(text) : null,
        endedMs: performance.now(),
      });
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
