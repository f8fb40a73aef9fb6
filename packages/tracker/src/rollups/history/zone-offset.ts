const SLOT_S = 900;

/** Seconds to add to a moment (epoch seconds) for the wall clock of a zone. Offsets change on quarter hours only. */
export function zoneOffset(tz: string): (ts: number) => number {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: tz,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
  });
  const known = new Map<number, number>();
  return (ts) => {
    const slot = Math.floor(ts / SLOT_S);
    let offset = known.get(slot);
    if (offset === undefined) {
      const parts = new Map<string, number>(
        format.formatToParts(slot * SLOT_S * 1000).map(({ type, value }) => [type, Number(value)]),
      );
      const of = (type: string): number => parts.get(type) ?? 0;
      const wall = Date.UTC(of('year'), of('month') - 1, of('day'), of('hour'), of('minute'));
      offset = wall / 1000 - slot * SLOT_S;
      if (known.size > 10_000) known.clear();
      known.set(slot, offset);
    }
    return offset;
  };
}
