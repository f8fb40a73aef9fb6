import type { Hunk } from '../../sources/git/commit.ts';

/** Lines in a row that came from the same place. */
export interface Run {
  readonly origin: number;
  readonly lines: number;
}

/** A file from its first line on. Behind the last run stand lines of no known origin, as many as there are. */
export type Runs = readonly Run[];

/** Lines nobody asks about: older than what is measured, or of a commit that does not count. */
export const UNKNOWN = -1;
/** Lines whose origin has yet to be found. */
const OPEN = -2;

/** The file after a change. Added lines are of `origin`; nothing but positions is needed, so no text is kept. */
export function changed(runs: Runs, hunks: readonly Hunk[], origin: number): Runs {
  const result: Run[] = [];
  const reader = readerOf(runs);
  for (const { oldAt, oldLines, newLines } of hunks) {
    // Where nothing was removed, the number names the line before the gap.
    const before = oldLines === 0 ? oldAt : oldAt - 1;
    reader.copyTo(result, before);
    reader.skip(oldLines);
    push(result, { origin, lines: newLines });
  }
  reader.copyRest(result);
  return trimmed(result);
}

/** One side of a merge: a file of one parent, and what the merge changed of it. */
export interface Side {
  readonly runs: Runs;
  readonly hunks: readonly Hunk[];
}

/**
 * The file after a merge: a line that stands in the first parent's file came from there, else from the second's, and so
 * on; what stands in none was written by the merge itself.
 */
export function merged(sides: readonly Side[], origin: number): Runs {
  const [first = [], ...others] = sides.map(({ runs, hunks }) => changed(runs, hunks, OPEN));
  const all = others.reduce(filled, first);
  return trimmed(joined(all.map((run) => (run.origin === OPEN ? { ...run, origin } : run))));
}

/** Open lines of the one are taken from the other, which has the same lines. */
function filled(runs: Runs, other: Runs): Runs {
  const result: Run[] = [];
  const reader = readerOf(other);
  for (const run of runs) {
    if (run.origin === OPEN) reader.copyTo(result, reader.at + run.lines);
    else {
      reader.skip(run.lines);
      push(result, run);
    }
  }
  return result;
}

/** Lines of each known origin. */
export function linesByOrigin(runs: Runs): ReadonlyMap<number, number> {
  const sums = new Map<number, number>();
  for (const { origin, lines } of runs) if (origin >= 0) sums.set(origin, (sums.get(origin) ?? 0) + lines);
  return sums;
}

interface Reader {
  /** Lines read so far. */
  readonly at: number;
  copyTo(result: Run[], at: number): void;
  skip(lines: number): void;
  copyRest(result: Run[]): void;
}

function readerOf(runs: Runs): Reader {
  let [index, used, at] = [0, 0, 0];
  const read = (lines: number, keep: (run: Run) => void): void => {
    at += lines;
    for (let left = lines; left > 0;) {
      const run = runs[index];
      if (run === undefined) return keep({ origin: UNKNOWN, lines: left });
      const taken = Math.min(left, run.lines - used);
      keep({ origin: run.origin, lines: taken });
      left -= taken;
      used += taken;
      if (used < run.lines) continue;
      index += 1;
      used = 0;
    }
  };
  return {
    get at() {
      return at;
    },
    copyTo: (result, to) => read(to - at, (run) => push(result, run)),
    skip: (lines) => read(lines, () => undefined),
    copyRest(result) {
      const rest = runs.slice(index).reduce((sum, { lines }) => sum + lines, -used);
      if (rest > 0) read(rest, (run) => push(result, run));
    },
  };
}

function push(result: Run[], run: Run): void {
  if (run.lines <= 0) return;
  const last = result.at(-1);
  if (last?.origin === run.origin) result[result.length - 1] = { ...last, lines: last.lines + run.lines };
  else result.push(run);
}

function joined(runs: Runs): Run[] {
  const result: Run[] = [];
  for (const run of runs) push(result, run);
  return result;
}

/** Without unknown lines at the end, which go without saying. */
function trimmed(runs: Run[]): Runs {
  while (runs.at(-1)?.origin === UNKNOWN) runs.pop();
  return runs;
}
