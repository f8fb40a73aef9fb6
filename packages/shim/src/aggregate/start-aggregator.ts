import type { RequestListener } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { openKeyring } from './keys.ts';
import { Tally } from './metrics-text.ts';
import { createRoutes } from './routes.ts';
import { openSqliteStore } from './sqlite-store.ts';
import type { AggregateStore } from './store.ts';

export interface AggregatorOptions {
  readonly keysFile: string;
  readonly database: string;
  readonly k: number;
  readonly retainDays: number;
  readonly mostWaiting: number;
  readonly mostRequests: number;
  /** Opens the port. */
  readonly listen: (handler: RequestListener) => Promise<{
    readonly addresses: readonly string[];
    readonly port: number;
    drain(withinMs: number): Promise<void>;
  }>;
  readonly log: (message: string) => void;
  /** Another store than the embedded one. */
  readonly store?: AggregateStore;
}

export interface Aggregator {
  readonly addresses: readonly string[];
  readonly port: number;
  stop(withinMs: number): Promise<void>;
}

const FORGET_EVERY_MS = 60_000;

/** Opens the books and the port. Throws on a start that can't succeed. */
export async function startAggregator(options: AggregatorOptions): Promise<Aggregator> {
  const nowTs = (): number => Date.now() / 1000;
  const keyring = openKeyring(options.keysFile);
  const { database: path, mostWaiting, k, retainDays, mostRequests, log } = options;
  const store = options.store ?? openSqliteStore({ path, nowTs, mostWaiting });
  const routes = createRoutes({ store, keyring, tally: new Tally(), nowTs, k, retainDays, mostRequests });
  const answer = getRequestListener(routes.fetch, { overrideGlobalObjects: false });
  const listening = await options
    .listen((incoming, outgoing) => void answer(incoming, outgoing))
    .catch(async (error: unknown) => {
      await store.close();
      throw error;
    });
  const forget = (): void => {
    store.forget(nowTs()).then(
      (count) => count > 0 && log(`the content of ${count} events was forgotten: their time was over`),
      (error: unknown) => log(`old events could not be forgotten: ${String(error)}`),
    );
  };
  forget();
  const timer = setInterval(forget, FORGET_EVERY_MS);
  timer.unref();
  return {
    addresses: listening.addresses,
    port: listening.port,
    stop: async (withinMs) => {
      clearInterval(timer);
      await listening.drain(withinMs);
      await store.close();
    },
  };
}
