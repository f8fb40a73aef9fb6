const FORMAT: Intl.DateTimeFormatOptions = {
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
  timeZoneName: 'short',
};

/** Date and time of day to the second, with the zone they are in. */
export function momentOf(ts: number): string {
  const date = new Date(ts * 1000);
  // Sweden writes dates as ISO 8601 does.
  return Number.isNaN(date.getTime()) ? String(ts) : date.toLocaleString('sv-SE', FORMAT);
}
