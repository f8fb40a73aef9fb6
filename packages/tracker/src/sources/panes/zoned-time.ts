const formats = new Map<string, Intl.DateTimeFormat | null>();

// Only names that mean one thing: Intl also takes abbreviations, and `EST` has meant two.
const ZONE_NAME = /^(?:UTC|GMT|[A-Z][A-Za-z_]+(?:\/[A-Za-z0-9_+-]+){1,2})$/i;

/** Whether a zone is one this system knows. */
export function isKnownZone(zone: string): boolean {
  return formatOf(zone) !== null;
}

/** A date and time on a clock of a zone, to the minute. Month from 1. */
export interface ClockTime {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
}

/** What the clocks of a zone show at an instant, or null for a zone this system does not know. */
export function clockAt(ms: number, zone: string): ClockTime | null {
  const format = formatOf(zone);
  if (format === null || !Number.isFinite(ms)) return null;
  const parts = Object.fromEntries(format.formatToParts(ms).map(({ type, value }) => [type, Number(value)]));
  const { year, month, day, hour, minute } = parts;
  return { year: year ?? NaN, month: month ?? NaN, day: day ?? NaN, hour: hour ?? NaN, minute: minute ?? NaN };
}

/**
 * The instants at which the clocks of a zone show a time: none where they were set forward over it or the date does not
 * exist, two where they were set back over it, else one. Epoch ms, rising.
 */
export function instantsOf(clock: ClockTime, zone: string): readonly number[] {
  const asUtc = Date.UTC(clock.year, clock.month - 1, clock.day, clock.hour, clock.minute);
  if (new Date(asUtc).getUTCDate() !== clock.day) return [];
  // Whatever the change, one of the offsets half a day or more around it is right.
  const offsets = new Set([-DAY_MS, DAY_MS].map((shift) => offsetMs(asUtc + shift, zone)));
  return [...offsets]
    .filter((offset) => offset !== null)
    .map((offset) => asUtc - offset)
    .filter((instant) => instant + (offsetMs(instant, zone) ?? NaN) === asUtc)
    .toSorted((a, b) => a - b);
}

const DAY_MS = 86_400_000;

function offsetMs(ms: number, zone: string): number | null {
  const clock = clockAt(ms, zone);
  if (clock === null) return null;
  const shown = Date.UTC(clock.year, clock.month - 1, clock.day, clock.hour, clock.minute);
  return shown - Math.floor(ms / 60_000) * 60_000;
}

function formatOf(zone: string): Intl.DateTimeFormat | null {
  const known = formats.get(zone);
  if (known !== undefined) return known;
  const format = ZONE_NAME.test(zone) ? newFormat(zone) : null;
  // Names come from texts: the cache must not grow with them.
  if (formats.size < 64) formats.set(zone, format);
  return format;
}

function newFormat(zone: string): Intl.DateTimeFormat | null {
  try {
    return new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      calendar: 'gregory',
      numberingSystem: 'latn',
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
    });
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}
