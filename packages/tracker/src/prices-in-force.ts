import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Outcome, Problem } from './problem.ts';
import { LONG_TIERS_K, PRICE_NAMES, PRICES, withOwnPrices } from './rollups/cost/price-map.ts';
import type { PriceMap } from './rollups/cost/price-map.ts';
import { readPrices } from './sources/prices/read-prices.ts';

export const PRICES_FILE = 'prices.json';

export interface PricesInForce {
  readonly prices: PriceMap;
  /** What of the file was passed over. */
  readonly notes: readonly Problem[];
}

const KNOWN = new Set<string>(
  PRICE_NAMES.flatMap((name) => [name, ...LONG_TIERS_K.map((k) => `${name}_above_${k}k_tokens`)]),
);

/**
 * The prices every sum of a data folder is made with: those of a named file (`TRACKER_PRICES`, where none is given), else
 * of `prices.json` in the folder, before the list. A file that is named has to be there; one in the folder may be.
 */
export function pricesInForce(dir: string, env: NodeJS.ProcessEnv, given?: string): Outcome<PricesInForce> {
  const named = given ?? (env['TRACKER_PRICES'] || undefined);
  const file = named === undefined ? join(dir, PRICES_FILE) : resolve(named);
  if (named === undefined && !existsSync(file)) return { ok: true, value: { prices: PRICES, notes: [] } };
  const read = readPrices(file, { known: KNOWN });
  if (!read.ok) return read;
  const { prices, id, notes } = read.value;
  return { ok: true, value: { prices: withOwnPrices(PRICES, prices, id), notes } };
}
