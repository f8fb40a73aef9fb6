/** A reset as a pane prints it: a time of day, perhaps with a day. No time zone is needed to compare two of them. */
export interface ResetText {
  readonly minuteOfDay: number;
  /** From 0; null: only the time of day is printed. */
  readonly month: number | null;
  readonly day: number | null;
  readonly year: number | null;
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

/** Reads `13:01`, `21:29 on 19 Oct`, `9pm (Europe/Berlin)`, `Oct 20, 1:59am` or `Jan 2, 2026, 10:59pm`; null: unreadable. */
export function readResetText(text: string): ResetText | null {
  // A time zone in brackets may hold a word that looks like a month.
  const plain = text.replace(/\((?![^)]*\d:\d)[^)]*\)?/g, ' ').toLowerCase();
  const time = /(?:^|[^\d:])(\d{1,2})(?::(\d{2}))?\s*([ap]m)(?![a-z])/.exec(plain) ?? CLOCK.exec(plain);
  if (time === null) return null;
  const [, hourText, minuteText = '0', half] = time;
  const minuteOfDay = toMinute(Number(hourText), Number(minuteText), half);
  if (minuteOfDay === null) return null;
  const date =
    /\b(?<day>\d{1,2})\s+(?<month>[a-z]{3})[a-z]*/.exec(plain) ??
    /\b(?<month>[a-z]{3})[a-z]*\.?\s+(?<day>\d{1,2})\b(?!:)/.exec(plain);
  const month = MONTHS.indexOf(date?.groups?.['month'] ?? '');
  if (month === -1) return { minuteOfDay, month: null, day: null, year: null };
  const year = /\b(20\d{2})\b/.exec(plain)?.[1];
  return {
    minuteOfDay,
    month,
    day: Number(date?.groups?.['day']),
    year: year === undefined ? null : Number(year),
  };
}

const CLOCK = /(?:^|[^\d:])(\d{1,2}):(\d{2})(?![\d])/;

function toMinute(hour: number, minute: number, half: string | undefined): number | null {
  if (minute > 59) return null;
  if (half === undefined) return hour > 23 ? null : hour * 60 + minute;
  if (hour < 1 || hour > 12) return null;
  return ((hour % 12) + (half === 'pm' ? 12 : 0)) * 60 + minute;
}

const DAY_MIN = 1440;
const MINUTE_MS = 60_000;

/**
 * Whether two printed resets mean the same moment to 5 minutes. A time without a day is within 24 hours of its reading,
 * and a reading's own clock may be up to 14 hours from UTC.
 */
export function isSameResetText(a: ResetText, aReadMs: number, b: ResetText, bReadMs: number): boolean {
  const apart = Math.abs(a.minuteOfDay - b.minuteOfDay);
  if (Math.min(apart, DAY_MIN - apart) > 5) return false;
  const [aMs, bMs] = [momentMs(a, aReadMs), momentMs(b, bReadMs)];
  if (aMs !== null && bMs !== null) return Math.abs(aMs - bMs) <= 5 * MINUTE_MS;
  if (aMs === null && bMs === null) return Math.abs(aReadMs - bReadMs) < DAY_MIN * MINUTE_MS;
  const [moment, readMs] = aMs === null ? [bMs ?? 0, aReadMs] : [aMs, bReadMs];
  return moment > readMs - 0.6 * DAY_MIN * MINUTE_MS && moment < readMs + 1.6 * DAY_MIN * MINUTE_MS;
}

/** The moment as if it were UTC, in the year nearest to the reading; null: no day is printed. */
function momentMs({ minuteOfDay, month, day, year }: ResetText, readMs: number): number | null {
  if (month === null || day === null) return null;
  const about = new Date(readMs).getUTCFullYear();
  const years = year === null ? [about - 1, about, about + 1] : [year];
  const moments = years.map((one) => Date.UTC(one, month, day) + minuteOfDay * MINUTE_MS);
  return moments.toSorted((a, b) => Math.abs(a - readMs) - Math.abs(b - readMs))[0] ?? null;
}
