import type { MeterReadingRecord } from '@ccp/contracts';
import type { Problem } from './problem.ts';

/**
 * One reading of a vendor's meter, whatever its source: a `meter_reading` row without its header. Shares are in
 * percentage points of the vendor's bar (`used_pp`, 0 to 100, more when the vendor says so); absent is null, never 0.
 */
export type Reading = Omit<MeterReadingRecord, 'kind' | 'schema_version' | 'tool_version'>;

/** What one look at a source gave: readings, and everything about it that could not be used. */
export interface Readings {
  readonly readings: readonly Reading[];
  readonly problems: readonly Problem[];
}
