import { Pool } from 'undici';
import type { Lane } from '../config/catalog.ts';

/** Keep-alive connections per lane. */
export interface Pools {
  of(lane: Lane): Pool;
  close(): Promise<void>;
}

/**
 * HTTP/1.1 on purpose: over one HTTP/2 connection all turns share a flow-control window, and a 1 MB prompt holds up the
 * others. The library's own timeouts are off: a model may think for minutes, and we keep our own clocks per exchange.
 */
export function createPools(): Pools {
  const pools = new Map<string, Pool>();
  return {
    of: (lane) => {
      const { connectMs, keepAliveMs } = lane.timeouts;
      const key = `${lane.origin} ${connectMs} ${keepAliveMs}`;
      let pool = pools.get(key);
      if (pool === undefined) {
        pool = new Pool(lane.origin, {
          connections: null,
          pipelining: 1,
          allowH2: false,
          headersTimeout: 0,
          bodyTimeout: 0,
          keepAliveTimeout: keepAliveMs,
          keepAliveMaxTimeout: keepAliveMs,
          maxHeaderSize: 64 * 1024,
          connect: { timeout: connectMs, keepAlive: true },
          autoSelectFamily: true,
        });
        pools.set(key, pool);
      }
      return pool;
    },
    close: async () => {
      await Promise.all([...pools.values()].map((pool) => pool.destroy()));
    },
  };
}
