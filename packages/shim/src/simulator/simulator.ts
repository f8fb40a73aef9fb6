import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Books } from './books.ts';
import { serveControl } from './control.ts';
import { endpointOf, serveEndpoint } from './endpoints.ts';
import { Exchange } from './exchange.ts';
import type { Provider } from './exchange.ts';
import { KeyLimits, Meters } from './meters.ts';
import { perform, refuse } from './perform.ts';
import { Rules } from './rules.ts';
import type { Asked } from './rules.ts';
import type { Behaviour } from './script.ts';
import { Templates } from './templates.ts';
import { Ticker } from './ticker.ts';
import { ZaiQuota } from './zai-quota.ts';

export interface SimulatorOptions {
  /** Default 127.0.0.1. */
  host?: string;
  /** Default 0: any free port. */
  port?: number;
  behaviour?: Behaviour;
  /** Part of every id, so that two simulators never mint the same. */
  name?: string;
  /** Epoch ms; resets and meters follow it. */
  now?: () => number;
  /** `totals` keeps no entry per request: for benchmarks. */
  books?: 'full' | 'totals';
}

export interface Simulator {
  readonly url: string;
  readonly port: number;
  readonly books: Books;
  /** Replaces the behaviour and restarts its counters and meters; requests in flight keep theirs. */
  setBehaviour(behaviour: Behaviour): void;
  close(): Promise<void>;
}

/**
 * Starts a scripted provider on a real socket.
 * @throws the listen error (`EADDRINUSE`, `EACCES`, …) when the address cannot be had.
 */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const stage = new Stage(options);
  const { host = '127.0.0.1', port = 0 } = options;
  await listen(stage.server, port, host);
  const address = stage.server.address() as AddressInfo;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${String(address.port)}`,
    port: address.port,
    books: stage.books,
    setBehaviour: (behaviour) => stage.play(behaviour),
    close: async () => stage.close(),
  };
}

class Stage {
  readonly server: Server;
  readonly books: Books;
  private readonly name: string;
  private readonly now: () => number;
  private readonly ticker = new Ticker();
  private provider: Provider;
  private seq = 0;

  constructor({ behaviour = {}, name = 'simulator', now = Date.now, books = 'full' }: SimulatorOptions) {
    this.name = name;
    this.now = now;
    this.books = new Books(books);
    this.provider = this.provide(behaviour);
    this.server = createServer((request, response) => this.accept(request, response));
    // Slow uploads, silence and idle connections are the client's to end: nothing here may cut them unscripted.
    this.server.requestTimeout = 0;
    this.server.headersTimeout = 0;
    this.server.keepAliveTimeout = 120_000;
  }

  play(behaviour: Behaviour): void {
    this.provider = this.provide(behaviour);
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    this.server.closeAllConnections();
    await closed;
  }

  private provide(behaviour: Behaviour): Provider {
    const seed = behaviour.seed ?? 1;
    return {
      books: this.books,
      templates: new Templates(),
      ticker: this.ticker,
      now: this.now,
      rules: new Rules(behaviour),
      meters: behaviour.meters && new Meters(behaviour.meters, this.now()),
      keyLimits: behaviour.key_limits && new KeyLimits(behaviour.key_limits),
      nextSkewMs: skewsOf(behaviour.clock_skew_s),
      zaiQuota: behaviour.zai_quota && new ZaiQuota(behaviour.zai_quota, this.now()),
      seed,
      tag: createHash('sha256')
        .update(`${this.name}\n${String(seed)}`)
        .digest('hex')
        .slice(0, 8),
    };
  }

  private accept(request: IncomingMessage, response: ServerResponse): void {
    const url = request.url ?? '/';
    if (url.startsWith('/__')) {
      serveControl(request, response, { name: this.name, books: this.books, play: (next) => this.play(next) });
      return;
    }
    this.seq += 1;
    const exchange = new Exchange(this.provider, this.seq, request, response);
    const query = url.indexOf('?');
    const path = query === -1 ? url : url.slice(0, query);
    const endpoint = endpointOf(path);
    const asked: Asked = { path, endpoint, headers: request.headers };
    const delayMs = exchange.provider.rules.delayMs(asked);
    if (delayMs > 0) exchange.doing('slow_accept');
    exchange.later(delayMs, () => exchange.read(() => respond(exchange, asked)));
  }
}

/** What the clock of each answer is ahead by; undefined: the clock is right. */
function skewsOf(script: Behaviour['clock_skew_s']): () => number | undefined {
  if (script === undefined) return () => undefined;
  const skews = typeof script === 'number' ? [script] : script;
  let answers = 0;
  return () => {
    const skewS = skews[answers % skews.length] ?? 0;
    answers += 1;
    return skewS * 1000;
  };
}

function respond(exchange: Exchange, asked: Asked): void {
  const { rules, meters, now } = exchange.provider;
  const method = exchange.request.method ?? '';
  exchange.isMessage = method === 'POST' && asked.endpoint === '/v1/messages';
  asked.model = exchange.facts.model;
  if (exchange.isMessage) {
    const full = meters?.full(now());
    if (full !== undefined) refuse(exchange, full, `full:${full.kind}`);
    else perform(exchange, rules.decide(asked));
    return;
  }
  const decision = rules.decideElsewhere(asked);
  // A turn is no answer to anything but messages.
  if (decision === undefined || decision.act.act === 'turn') serveEndpoint(exchange, method, asked.endpoint);
  else perform(exchange, decision);
}

async function listen(server: Server, port: number, host: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.removeListener('error', reject);
      resolve();
    });
  });
}
