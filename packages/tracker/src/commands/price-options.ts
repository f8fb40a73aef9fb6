import type { Command } from 'commander';
import { PRICES_FILE, pricesInForce } from '../prices-in-force.ts';
import type { Outcome } from '../problem.ts';
import type { PriceMap } from '../rollups/cost/price-map.ts';
import { note } from './told.ts';

export interface PriceOptions {
  readonly prices?: string;
}

/** Adds the option that names prices of one's own. */
export function withPrices(command: Command): Command {
  return command.option(
    '--prices <file>',
    `prices that go before the list prices (TRACKER_PRICES, default ${PRICES_FILE} in the data folder)`,
  );
}

/** The prices to reckon with; what of their file was passed over is noted. */
export function pricesOf({ prices }: PriceOptions, dir: string): Outcome<PriceMap> {
  const inForce = pricesInForce(dir, process.env, prices);
  if (!inForce.ok) return inForce;
  note(inForce.value.notes);
  return { ok: true, value: inForce.value.prices };
}
