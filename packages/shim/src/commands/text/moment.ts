/** Date and time of day to the second, with its zone: two notes of one moment must be told apart from two moments. */
export function momentOf(ts: number, timeZone?: string): string {
  const date = new Date(ts * 1000);
  if (Number.isNaN(date.getTime())) return String(ts);
  // Sweden writes dates as ISO 8601 does.
  return date.toLocaleString('sv-SE', { timeZone, timeZoneName: 'short' });
}
