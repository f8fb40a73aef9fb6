/** The newest of many times. */
export interface NewestTime {
  /** ISO 8601; others are passed over. */
  see(at: string | undefined): void;
  /** ISO 8601 in UTC, the beginning of 1970 when none was seen. */
  at(): string;
}

export function newestTime(from = '1970-01-01T00:00:00.000Z'): NewestTime {
  let newest = from;
  return {
    see(at) {
      if (at === undefined) return;
      // Nearly every row: written in the same form as the newest.
      if (isPlain(at) && isPlain(newest)) {
        if (at > newest) newest = at;
        return;
      }
      const ms = Date.parse(at);
      if (ms > Date.parse(newest)) newest = new Date(ms).toISOString();
    },
    at: () => newest,
  };
}

/**
 * Printed as `Date.toISOString` prints the years 0 to 9999, in which the order of texts is that of times; without the
 * seconds in which a minute has one more, which no `Date` knows. The times of rows were checked by their contract.
 */
function isPlain(at: string): boolean {
  return at.length === 24 && at[10] === 'T' && at[17] !== '6' && at[23] === 'Z';
}
