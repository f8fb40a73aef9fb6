/** Says the local hour and a day number for a moment, in the configured zone. */
export type LocalHour = (ts: number) => { readonly hour: number; readonly day: number };

/** Hour and day in a time zone. Asking the formatter costs microseconds, so a quarter hour shares one answer. */
export function localHourIn(timeZone: string): LocalHour {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
  });
  const known = new Map<number, { hour: number; day: number }>();
  return (ts) => {
    const quarter = Math.floor(ts / 900);
    let answer = known.get(quarter);
    if (answer === undefined) {
      const part = new Map(format.formatToParts(quarter * 900_000).map(({ type, value }) => [type, Number(value)]));
      const day = Date.UTC(part.get('year') ?? 1970, (part.get('month') ?? 1) - 1, part.get('day') ?? 1) / 86_400_000;
      answer = { hour: part.get('hour') ?? 0, day };
      if (known.size > 1000) known.clear();
      known.set(quarter, answer);
    }
    return answer;
  };
}
