// Clients that ask for one turn after the other and remember what they got, and when.
import { Agent, request } from 'node:http';

export class Load {
  finished = 0;
  /** Turns of all rounds that their clients did not get whole. */
  unfinished = 0;
  #streams;
  #models;
  #turns = [];
  #running = [];
  #stop = false;
  #killedMs = 0;

  constructor({ streams, models }) {
    this.#streams = streams;
    this.#models = models;
  }

  start(url) {
    this.#stop = false;
    this.#turns = [];
    const agent = new Agent({ keepAlive: true, maxSockets: this.#streams });
    this.#running = Array.from({ length: this.#streams }, (_, index) => this.#client(url, agent, index));
    this.#running.push(Promise.all(this.#running).then(() => agent.destroy()));
  }

  killedAt(ms) {
    this.#killedMs = ms;
    this.#stop = true;
  }

  /** Resolves when every client has noticed. */
  async stopped() {
    await Promise.all(this.#running);
  }

  /** Turns of this round: request id, whether it came whole, and how long before the kill its last byte came. */
  turns() {
    return this.#turns.map(({ id, whole, endedMs }) => ({ id, whole, beforeMs: this.#killedMs - endedMs }));
  }

  async #client(url, agent, index) {
    for (let turn = 0; !this.#stop; turn += 1) {
      const model = this.#models[(index + turn) % this.#models.length];
      const answer = await ask(url, agent, model);
      if (answer.whole) this.finished += 1;
      else this.unfinished += 1;
      if (answer.id !== undefined) this.#turns.push(answer);
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
    const done = (id, whole) => resolve({ id, whole, endedMs: performance.now() });
    const sent = request(`${url}/v1/messages`, { method: 'POST', agent, headers }, (answer) => {
      const id = answer.headers['request-id'];
      let tail = '';
      answer.on('data', (chunk) => (tail = (tail + chunk).slice(-40)));
      answer.on('end', () => done(id, answer.statusCode === 200 && tail.includes('message_stop')));
      answer.on('error', () => done(id, false));
    });
    sent.on('error', () => setTimeout(() => done(undefined, false), 5));
    sent.end(body);
  });
}
