import type { MeterReading } from '@ccp/contracts';

/** Where and when an answer came from. */
export interface AnswerPlace {
  readonly lane: string;
  readonly model: string;
  readonly observedTs: number;
}

/**
 * A provider's own meters, read from the headers of any answer: subscription windows
 * (`anthropic-ratelimit-unified-<window>-utilization|reset|status`, and whether it bills beyond the plan), key limits
 * (`anthropic-ratelimit-<kind>-limit|remaining|reset`), and `x-codex-<slot>-used-percent|window-minutes|reset-at`.
 *
 * @param headers flat name, value list
 * @returns readings without age; empty when the answer carried none
 */
export function readVendorMeters(headers: readonly string[], place: AnswerPlace): readonly MeterReading[] {
  let named: Map<string, string> | null = null;
  for (let index = 0; index + 1 < headers.length; index += 2) {
    const name = headers[index] ?? '';
    if (!mayBeMeter(name)) continue;
    const lower = name.toLowerCase();
    if (!lower.startsWith(ANTHROPIC) && !lower.startsWith(CODEX)) continue;
    (named ??= new Map()).set(lower, headers[index + 1] ?? '');
  }
  if (named === null) return NO_READINGS;
  const base = {
    lane: place.lane,
    model: null,
    source: 'header',
    observed_at: new Date(place.observedTs * 1000).toISOString(),
  } as const;
  const readings = [...windows(named, base, place.model), ...keyLimits(named, base), ...codex(named, base, place)];
  return readings;
}

const ANTHROPIC = 'anthropic-ratelimit-';
const UNIFIED = `${ANTHROPIC}unified-`;
const CODEX = 'x-codex-';
const NO_READINGS: readonly MeterReading[] = [];

/** Asked of every header of every answer: the first letter and the length settle nearly all of them. */
function mayBeMeter(name: string): boolean {
  const first = name.charCodeAt(0) | 0x20;
  return (first === 0x61 && name.length > ANTHROPIC.length) || (first === 0x78 && name.length > CODEX.length);
}

type Named = ReadonlyMap<string, string>;
type Base = Pick<MeterReading, 'lane' | 'observed_at'> & { readonly model: null; readonly source: 'header' };

function windows(named: Named, base: Base, model: string): MeterReading[] {
  const get = (key: string): string | undefined => named.get(UNIFIED + key);
  const claim = get('representative-claim') ?? null;
  const overall = get('status') ?? null;
  const readings: MeterReading[] = [];
  for (const key of named.keys()) {
    const window = key.startsWith(UNIFIED) ? /^(.+)-utilization$/.exec(key.slice(UNIFIED.length))?.[1] : undefined;
    if (window === undefined || window === 'overage') continue;
    readings.push({
      ...base,
      // A window such as 7d_oi or 7d_opus counts one family of models, and comes with its turns only.
      model: window.includes('_') ? model : null,
      meter: `unified-${window}`,
      value: number(get(`${window}-utilization`)),
      unit: 'fraction',
      limit: 1,
      remaining: null,
      resets_at: epochToIso(get(`${window}-reset`)),
      claim,
      status: get(`${window}-status`) ?? overall,
    });
  }
  const bare = { ...base, value: null, unit: 'fraction', limit: 1, remaining: null, claim } as const;
  if (readings.length === 0 && overall !== null)
    readings.push({ ...bare, meter: 'unified', resets_at: epochToIso(get('reset')), status: overall });
  const inUse = get('overage-in-use');
  if (inUse !== undefined || get('overage-status') !== undefined) {
    readings.push({
      ...bare,
      meter: OVERAGE_METER,
      value: number(get('overage-utilization')),
      resets_at: epochToIso(get('overage-reset')),
      status: inUse?.toLowerCase() === 'true' ? IN_USE : (get('overage-status') ?? null),
    });
  }
  return readings;
}

/** The meter of what is billed beyond the plan, and its status while that goes on. */
export const OVERAGE_METER = 'unified-overage';
export const IN_USE = 'in_use';

function keyLimits(named: Named, base: Base): MeterReading[] {
  return KEY_LIMITS.flatMap((kind): MeterReading[] => {
    const text = named.get(`${ANTHROPIC}${kind}-limit`);
    if (text === undefined) return [];
    const limit = number(text);
    const remaining = number(named.get(`${ANTHROPIC}${kind}-remaining`));
    return [
      {
        ...base,
        meter: kind,
        value: limit === null || remaining === null ? null : Math.max(0, limit - remaining),
        unit: kind === 'requests' ? 'requests' : 'tokens',
        limit,
        remaining,
        resets_at: toIso(named.get(`${ANTHROPIC}${kind}-reset`)),
        claim: null,
        status: null,
      },
    ];
  });
}

const KEY_LIMITS = ['requests', 'tokens', 'input-tokens', 'output-tokens'] as const;

/** A slot says nothing about its window: which one is primary has changed before, so the length names the meter. */
function codex(named: Named, base: Base, { observedTs }: AnswerPlace): MeterReading[] {
  return ['primary', 'secondary'].flatMap((slot): MeterReading[] => {
    const get = (key: string): string | undefined => named.get(`${CODEX}${slot}-${key}`);
    const used = number(get('used-percent'));
    const minutes = number(get('window-minutes'));
    if (used === null || minutes === null) return [];
    const after = number(get('reset-after-seconds'));
    const resetsAt = epochToIso(get('reset-at')) ?? (after === null ? null : epochToIso(String(observedTs + after)));
    return [
      {
        ...base,
        meter: `codex-${windowName(minutes)}`,
        value: used,
        unit: 'percent',
        limit: 100,
        remaining: null,
        resets_at: resetsAt,
        claim: null,
        status: null,
      },
    ];
  });
}

function windowName(minutes: number): string {
  return minutes === 300 ? '5h' : minutes === 10_080 ? '7d' : `${minutes}m`;
}

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
