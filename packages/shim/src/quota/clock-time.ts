/** Day of the week and time of day, as in "Wed 14:05 CET", of a moment in epoch seconds. */
export type ClockTime = (ts: number) => string;

/**
 * Times of day in a zone. One formatter for all of them: making one takes 100 µs and tens of kilobytes outside of V8's
 * heap, which a lane whose quota is spent would ask for with every request that goes to another one.
 */
export function clockTimeIn(timeZone: string): ClockTime {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    timeZoneName: 'short',
  });
  return (ts) => format.format(ts * 1000);
}
