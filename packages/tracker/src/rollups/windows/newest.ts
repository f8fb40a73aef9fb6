/** The row with the latest time; of several the later one in the file. A row without a readable time is the oldest. */
export function newestBy<Row>(rows: readonly Row[], timeOf: (row: Row) => string): Row | null {
  let newest: Row | null = null;
  let newestMs = -Infinity;
  for (const row of rows) {
    const ms = timeMs(timeOf(row));
    if (newest !== null && ms < newestMs) continue;
    newest = row;
    newestMs = ms;
  }
  return newest;
}

/** Rows by time, the oldest first; those of the same time as in the file. */
export function byTime<Row>(rows: readonly Row[], timeOf: (row: Row) => string): readonly Row[] {
  return rows.toSorted((a, b) => {
    const [left, right] = [timeMs(timeOf(a)), timeMs(timeOf(b))];
    return left === right ? 0 : left - right;
  });
}

/** Epoch ms; -Infinity: no time. */
export function timeMs(at: string): number {
  const ms = Date.parse(at);
  return Number.isNaN(ms) ? -Infinity : ms;
}

export function groupBy<Row>(rows: readonly Row[], keyOf: (row: Row) => string): ReadonlyMap<string, readonly Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const group = groups.get(keyOf(row));
    if (group === undefined) groups.set(keyOf(row), [row]);
    else group.push(row);
  }
  return groups;
}
