/** Numbers from first to last. */
export interface Range {
  readonly first: number;
  readonly last: number;
}

/** Ranges in order, apart from each other, with some numbers added. */
export function withNumbers(ranges: readonly Range[], numbers: Iterable<number>): Range[] {
  const added = [...numbers].toSorted((a, b) => a - b).map((number) => ({ first: number, last: number }));
  const all = [...ranges, ...added].toSorted((a, b) => a.first - b.first);
  const merged: Range[] = [];
  for (const range of all) {
    const before = merged.at(-1);
    if (before !== undefined && range.first <= before.last + 1) {
      merged[merged.length - 1] = { first: before.first, last: Math.max(before.last, range.last) };
    } else merged.push(range);
  }
  return merged;
}

/** Up to which number nothing is missing; numbers begin with 1. */
export function unbrokenUpTo(ranges: readonly Range[]): number {
  const [begin] = ranges;
  return begin !== undefined && begin.first <= 1 ? begin.last : 0;
}

/** What lies between the ranges, and before the first one. */
export function gaps(ranges: readonly Range[]): Range[] {
  let next = 1;
  return ranges.flatMap(({ first, last }) => {
    const gap = { first: next, last: first - 1 };
    next = last + 1;
    return gap.first <= gap.last ? [gap] : [];
  });
}
