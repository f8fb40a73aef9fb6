import type { Sight } from './pane.ts';
import { readResetText } from './reset-text.ts';
import type { ResetText } from './reset-text.ts';
import { clockAt, instantsOf, isKnownZone } from './zoned-time.ts';

/** What a printed reset refers to. */
export interface ResetPlace {
  /** Name of the meter, for problems. */
  readonly meter: string;
  /** Minutes; a window cannot end further ahead. Null: a month. */
  readonly windowMin: number | null;
}

/**
 * A printed reset as ISO 8601 UTC: the first time its clock shows it after the look, in its own zone or the one of the
 * machine. A time the window cannot reach is not ahead but past: then the passed one is given, and the reading is void.
 * Null with a problem where it cannot be told; nothing was printed: null.
 */
export function resolveReset(sight: Sight, text: string | null, place: ResetPlace): string | null {
  if (text === null) return null;
  const found = resetInstant(text, sight, place.windowMin);
  if (typeof found === 'number') return new Date(found).toISOString();
  sight.note({
    code: 'reset-unreadable',
    message: `${place.meter}: the reset "${text.slice(0, 80)}" gives no time: ${found.why}`,
    ...(found.remedy === undefined ? {} : { remedy: found.remedy }),
  });
  return null;
}

interface NoInstant {
  readonly why: string;
  readonly remedy?: string;
}

function resetInstant(text: string, sight: Sight, windowMin: number | null): number | NoInstant {
  const reset = readResetText(text);
  if (reset === null) return { why: 'it has another layout or was cut off' };
  const zone = reset.zone ?? sight.when.timeZone;
  if (zone === undefined) return { why: 'it names no time zone', remedy: 'Name the zone of the machine it comes from' };
  if (!isKnownZone(zone)) return { why: `the time zone ${zone} is not known here` };
  const now = clockAt(sight.observedMs, zone);
  if (now === null) return { why: 'it is not known when it was read' };
  const instants = candidates(reset, now.year, sight.observedMs, zone);
  return choose(instants, sight.observedMs, { reset, windowMin });
}

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** Panes round to the minute or the hour shown, and clocks differ. */
const SLACK_MS = 15 * MINUTE_MS;

function candidates(reset: ResetText, year: number, observedMs: number, zone: string): number[] {
  const { hour, minute, month, day } = reset;
  if (month !== null && day !== null) {
    const years = reset.year === null ? [year - 1, year, year + 1] : [reset.year];
    return years.flatMap((of) => instantsOf({ year: of, month, day, hour, minute }, zone));
  }
  return [-2, -1, 0, 1, 2].flatMap((shift) => {
    const date = clockAt(observedMs + shift * DAY_MS, zone);
    return date === null ? [] : instantsOf({ ...date, hour, minute }, zone);
  });
}

interface Chosen {
  readonly reset: ResetText;
  readonly windowMin: number | null;
}

function choose(instants: readonly number[], observedMs: number, { reset, windowMin }: Chosen): number | NoInstant {
  const rising = [...new Set(instants)].toSorted((a, b) => a - b);
  const reachMs = windowMin === null ? 32 * DAY_MS : windowMin * MINUTE_MS + SLACK_MS;
  const ahead = rising.filter((instant) => instant > observedMs);
  const within = ahead.filter((instant) => instant <= observedMs + reachMs);
  const [first, second] = within;
  if (first !== undefined) {
    // Clocks set back show an hour twice. A day later is another day, not another reading of the same time.
    const twice = second !== undefined && second - first < DAY_MS / 2;
    return twice ? { why: 'the clocks show that time twice' } : first;
  }
  const past = rising.findLast((instant) => instant <= observedMs);
  const next = ahead[0];
  if (past === undefined && next === undefined) return { why: 'there is no such time in that zone' };
  const isPast =
    past !== undefined && (reset.month === null || next === undefined || observedMs - past < next - observedMs);
  return isPast ? past : { why: 'it is further ahead than the window is long' };
}
