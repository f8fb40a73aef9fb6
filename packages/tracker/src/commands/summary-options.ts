import type { Command } from 'commander';
import type { SummaryOptions } from '../keep-summary.ts';
import type { PriceMap } from '../rollups/cost/price-map.ts';
import { localZone, timeZone } from './option-values.ts';

export interface ZoneOptions {
  readonly timezone?: string;
}

/** Adds the option that says whose days the files of sums are about. */
export function withZone(command: Command): Command {
  return command.option(
    '--timezone <zone>',
    'whose days progress.log.md is about (IANA; default the one it has, at first the one of this machine)',
    timeZone,
  );
}

export function summaryOptions({ timezone }: ZoneOptions, prices: PriceMap): SummaryOptions {
  return { prices, tz: timezone ?? localZone(), isTzChosen: timezone !== undefined };
}
