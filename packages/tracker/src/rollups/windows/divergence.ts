/** Two sources that tell of the same bar differently. */
export interface Divergence {
  /** Such as `divergent:ccusage`; null: they agree. */
  readonly tag: string | null;
  /** Percentage points, the other source minus the bar. */
  readonly apart_pp: number;
}

const MOST_APART_PP = 10;

/** Holds another program's share against the vendor's bar; more than 10 percentage points apart, both have to be shown. */
export function divergence(barPp: number, otherPp: number, source: string): Divergence {
  const apart = otherPp - barPp;
  return { tag: Math.abs(apart) > MOST_APART_PP ? `divergent:${source}` : null, apart_pp: apart };
}
