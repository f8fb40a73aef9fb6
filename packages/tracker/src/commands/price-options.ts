import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import type { Outcome } from '../problem.ts';
import { LONG_TIERS_K, PRICE_NAMES, PRICES, withOwnPrices } from '../rollups/cost/price-map.ts';
import type { PriceMap } from '../rollups/cost/price-map.ts';
import { readPrices } from '../sources/prices/read-prices.ts';
import { note } from './told.ts';

export interface PriceOptions {
  readonly prices?: string;
}

export const PRICES_FILE = 'prices.json';

/** Adds the option that names prices of one's own. */
export function withPrices(command: Command): Command {
  return command.option(
    '--prices <file>',
    `prices that go before the list prices (TRACKER_PRICES, default ${PRICES_FILE} in the data folder)`,
  );
}

const KNOWN = new Set<string>(
  PRICE_NAMES.flatMap((name) => [name, ...LONG_TIERS_K.map((k) => `${name}_above_${k}k_tokens`)]),
);

/** The prices to reckon with. A file that is named has to be there; one in the data folder may be. */
export function pricesOf({ prices }: PriceOptions, dir: string): Outcome<PriceMap> {
  const named = prices ?? (process.env['TRACKER_PRICES'] || undefined);
  const file = named === undefined ? join(dir, PRICES_FILE) : resolve(named);
  if (named === undefined && !existsSync(file)) return { ok: true, value: PRICES };
  const read = readPrices(file, { known: KNOWN });
  if (!read.ok) return read;
  note(read.value.notes);
  return { ok: true, value: withOwnPrices(PRICES, read.value.prices, read.value.id) };
}
