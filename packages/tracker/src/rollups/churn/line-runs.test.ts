import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Hunk } from '../../sources/git/commit.ts';
import { changed, linesByOrigin, merged, UNKNOWN } from './line-runs.ts';
import type { Runs } from './line-runs.ts';

/** A change as the naive replay does it: on a list with one entry per line. */
interface Edit {
  readonly keep: number;
  readonly remove: number;
  readonly add: number;
}

const arbitraryEdits = fc.array(fc.record({ keep: fc.nat(6), remove: fc.nat(4), add: fc.nat(4) }), { maxLength: 5 });

/** The list after the edits, and the hunks git would print for them. */
function naive(list: readonly number[], edits: readonly Edit[], origin: number): { list: number[]; hunks: Hunk[] } {
  const hunks: Hunk[] = [];
  const next: number[] = [];
  let at = 0;
  for (const { keep, remove, add } of edits) {
    // Git joins changes that touch: keep at least one line between them.
    const kept = hunks.length === 0 ? keep : keep + 1;
    if (at + kept > list.length) break;
    next.push(...list.slice(at, at + kept));
    at += kept;
    const removed = Math.min(remove, list.length - at);
    if (removed + add === 0) continue;
    hunks.push({
      oldAt: removed === 0 ? at : at + 1,
      oldLines: removed,
      newAt: add === 0 ? next.length : next.length + 1,
      newLines: add,
    });
    next.push(...Array.from({ length: add }, () => origin));
    at += removed;
  }
  return { list: [...next, ...list.slice(at)], hunks };
}

/** One entry per line, with unknown lines behind the last run up to a length. */
function spelled(runs: Runs, length: number): number[] {
  const list = runs.flatMap(({ origin, lines }) => Array.from({ length: lines }, () => origin));
  return [...list, ...Array.from({ length: Math.max(0, length - list.length) }, () => UNKNOWN)];
}

describe('a file followed by the positions of its changes', () => {
  test('is the same as one followed line by line, whatever is done to it', () => {
    fc.assert(
      fc.property(fc.nat(20), fc.array(arbitraryEdits, { maxLength: 8 }), (length, changes) => {
        let list = Array.from({ length }, () => UNKNOWN);
        let runs: Runs = [];
        for (const [origin, edits] of changes.entries()) {
          const { list: next, hunks } = naive(list, edits, origin);
          list = next;
          runs = changed(runs, hunks, origin);
          expect(spelled(runs, list.length)).toEqual(list);
          const byOrigin = linesByOrigin(runs);
          expect([...byOrigin.values()].reduce((sum, lines) => sum + lines, 0)).toBe(
            list.filter((one) => one !== UNKNOWN).length,
          );
        }
      }),
    );
  });

  test('runs of one origin are one run, and unknown lines at the end go without saying', () => {
    const runs = changed([], [{ oldAt: 3, oldLines: 0, newAt: 4, newLines: 2 }], 7);
    expect(runs).toEqual([
      { origin: UNKNOWN, lines: 3 },
      { origin: 7, lines: 2 },
    ]);
    expect(changed(runs, [{ oldAt: 5, oldLines: 0, newAt: 6, newLines: 1 }], 7)).toHaveLength(2);
    expect(changed(runs, [{ oldAt: 4, oldLines: 2, newAt: 3, newLines: 0 }], 8)).toEqual([]);
  });
});

test('a merge takes a line from the first parent that has it, and what none has is its own', () => {
  const old: Runs = [{ origin: 0, lines: 3 }];
  // First parent: added a line of 1 at the end. Second: replaced the first line by two of 2. The merge has both, and one more.
  const first = changed(old, [{ oldAt: 3, oldLines: 0, newAt: 4, newLines: 1 }], 1);
  const second = changed(old, [{ oldAt: 1, oldLines: 1, newAt: 1, newLines: 2 }], 2);
  const result = merged(
    [
      {
        runs: first,
        hunks: [
          { oldAt: 1, oldLines: 1, newAt: 1, newLines: 2 },
          { oldAt: 4, oldLines: 0, newAt: 6, newLines: 1 },
        ],
      },
      { runs: second, hunks: [{ oldAt: 4, oldLines: 0, newAt: 5, newLines: 2 }] },
    ],
    9,
  );
  expect(spelled(result, 0)).toEqual([2, 2, 0, 0, 1, 9]);
});
