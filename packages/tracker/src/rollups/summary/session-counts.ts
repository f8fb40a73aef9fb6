/** How many records each session has, by 64 bits of hash. */
export interface SessionCounts {
  /** Sessions with a record. */
  readonly distinct: number;
  count(high: number, low: number, by: 1 | -1): void;
}

/** No session has a hash of zero. */
export function sessionCounts(): SessionCounts {
  const counts: number[] = [];
  /** Where a session's count is, by 52 bits of its hash: what a number holds exactly. */
  const places = new Map<number, number>();
  let distinct = 0;
  let lastKey = -1;
  let last = 0;

  const placeOf = (key: number): number => {
    let place = places.get(key);
    if (place === undefined) places.set(key, (place = counts.push(0) - 1));
    return place;
  };
  return {
    get distinct() {
      return distinct;
    },
    count(high, low, by) {
      if (high === 0 && low === 0) return;
      const key = high * 2 ** 20 + (low >>> 12);
      // Turns of one session follow each other.
      if (key !== lastKey) {
        lastKey = key;
        last = placeOf(key);
      }
      const before = counts[last] ?? 0;
      counts[last] = before + by;
      if (before === 0) distinct += 1;
      else if (before + by === 0) distinct -= 1;
    },
  };
}
