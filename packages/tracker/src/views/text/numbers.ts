/** What is not known. Never 0, which would be a claim. */
export const ABSENT = '–';

/** Tokens or a count, rounded to at most five cells: `999`, `12.3k`, `4.5M`. */
export function compact(value: number | null | undefined): string {
  if (value === null || value === undefined) return ABSENT;
  let scaled = value;
  let unit = '';
  for (const next of ['k', 'M', 'G', 'T']) {
    if (rounded(scaled, unit) < 1000) break;
    scaled /= 1000;
    unit = next;
  }
  const shown = rounded(scaled, unit);
  if (shown >= 1000) return '>999T';
  return unit !== '' && shown < 100 ? shown.toFixed(1) + unit : String(shown) + unit;
}

/** A fraction as whole percent. Full only when it is full, and zero only when it is zero. */
export function wholePct(pct: number): string {
  if (pct > 0 && pct < 0.01) return '<1%';
  const whole = pct < 1 ? Math.min(99, Math.round(pct * 100)) : Math.round(pct * 100);
  return whole > 999 ? '>999%' : `${whole}%`;
}

/** Tokens per second. */
export function rate(tps: number | null): string {
  if (tps === null) return ABSENT;
  return tps < 100 ? tps.toFixed(1) : compact(tps);
}

/** Milliseconds as `610ms`, `1.3s`, `4m 10s`. */
export function milliseconds(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return ABSENT;
  if (ms < 999.5) return `${Math.round(ms)}ms`;
  return ms < 59_950 ? `${(ms / 1000).toFixed(1)}s` : countdown(ms / 1000);
}

/** A span of time in its two largest units, rounded down: `45s`, `59m`, `4h 05m`, `3d 4h`. */
export function countdown(seconds: number): string {
  const s = Math.floor(Math.max(0, seconds));
  if (s < 60) return `${s}s`;
  const [minutes, hours, days] = [Math.floor(s / 60), Math.floor(s / 3600), Math.floor(s / 86_400)];
  if (hours < 1) return minutes < 10 ? `${minutes}m ${two(s % 60)}s` : `${minutes}m`;
  if (days < 1) return `${hours}h ${two(minutes % 60)}m`;
  return days < 100 ? `${days}d ${hours % 24}h` : '>99d';
}

/** Time of day in a time zone; with the weekday from a day away, with the date from six. */
export function clock(ts: number, nowTs: number, tz: string): string {
  const date = new Date(ts * 1000);
  if (Number.isNaN(date.getTime())) return ABSENT;
  const time: Intl.DateTimeFormatOptions = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23', timeZone: tz };
  const distance = Math.abs(ts - nowTs);
  if (distance < 86_400) return date.toLocaleString('en-GB', time);
  if (distance < 6 * 86_400) return date.toLocaleString('en-GB', { weekday: 'short', ...time });
  return date.toLocaleString('en-GB', { day: 'numeric', month: 'short', year: 'numeric', ...time }).replaceAll(',', '');
}

/** `14:05:09` in a time zone. */
export function timeOfDay(ts: number, tz: string): string {
  const date = new Date(ts * 1000);
  if (Number.isNaN(date.getTime())) return ABSENT;
  // Making a format takes a hundred times as long as using it.
  const format =
    FORMATS.get(tz) ?? new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium', hourCycle: 'h23', timeZone: tz });
  FORMATS.set(tz, format);
  return format.format(date);
}

const FORMATS = new Map<string, Intl.DateTimeFormat>();

function rounded(value: number, unit: string): number {
  return unit !== '' && value < 99.95 ? Math.round(value * 10) / 10 : Math.round(value);
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}
