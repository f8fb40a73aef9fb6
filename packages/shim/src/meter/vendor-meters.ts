import type { MeterReading } from '@ccp/contracts';

/**
 * A provider's own meters, read from the headers of any answer: subscription windows
 * (`anthropic-ratelimit-unified-<window>-utilization|reset|status`) and key limits
 * (`anthropic-ratelimit-<kind>-limit|remaining|reset`).
 *
 * @param headers flat name, value list
 * @returns readings without age; empty when the answer carried none
 */
export function readVendorMeters(
  lane: string,
  headers: readonly string[],
  observedTs: number,
): readonly MeterReading[] {
  let named: Map<string, string> | null = null;
  for (let index = 0; index + 1 < headers.length; index += 2) {
    const name = headers[index] ?? '';
    if (name.length <= PREFIX.length || (name[0] !== 'a' && name[0] !== 'A')) continue;
    if (!name.toLowerCase().startsWith(PREFIX)) continue;
    (named ??= new Map()).set(name.toLowerCase().slice(PREFIX.length), headers[index + 1] ?? '');
  }
  if (named === null) return NO_READINGS;
  const observedAt = new Date(observedTs * 1000).toISOString();
  const claim = named.get('unified-representative-claim') ?? null;
  const readings: MeterReading[] = [];
  for (const key of named.keys()) {
    const window = /^unified-(.+)-utilization$/.exec(key)?.[1];
    const kind = /^(requests|tokens|input-tokens|output-tokens)-limit$/.exec(key)?.[1];
    if (window !== undefined) {
      readings.push({
        lane,
        meter: `unified-${window}`,
        value: number(named.get(key)),
        unit: 'fraction',
        limit: 1,
        remaining: null,
        resets_at: epochToIso(named.get(`unified-${window}-reset`)),
        observed_at: observedAt,
        source: 'header',
        claim,
        status: named.get(`unified-${window}-status`) ?? named.get('unified-status') ?? null,
      });
    } else if (kind !== undefined) {
      const limit = number(named.get(key));
      const remaining = number(named.get(`${kind}-remaining`));
      readings.push({
        lane,
        meter: kind,
        value: limit === null || remaining === null ? null : Math.max(0, limit - remaining),
        unit: kind === 'requests' ? 'requests' : 'tokens',
        limit,
        remaining,
        resets_at: toIso(named.get(`${kind}-reset`)),
        observed_at: observedAt,
        source: 'header',
        claim: null,
        status: null,
      });
    }
  }
  return readings;
}

const PREFIX = 'anthropic-ratelimit-';
const NO_READINGS: readonly MeterReading[] = [];

/** Providers have been seen to send "-0.0". */
function number(text: string | undefined): number | null {
  if (text === undefined || text.trim() === '') return null;
  const value = Number(text);
  return Number.isFinite(value) ? Math.max(0, value) : null;
}

function epochToIso(text: string | undefined): string | null {
  const seconds = number(text);
  if (seconds === null) return toIso(text);
  // Zero is no time, and a time beyond what a date can hold was given in another unit.
  return seconds === 0 || seconds > MAX_DATE_S ? null : new Date(seconds * 1000).toISOString();
}

const MAX_DATE_S = 8.64e12;

function toIso(text: string | undefined): string | null {
  // `Date.parse` makes a year of any small number.
  if (text === undefined || !/^\d{4}-\d\d-\d\d[Tt ]/.test(text)) return null;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? null : new Date(ms).toISOString();
}
