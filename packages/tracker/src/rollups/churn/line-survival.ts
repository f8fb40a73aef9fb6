import type { CommitDiff, FileChange } from '../../sources/git/commit.ts';
import type { Pair } from '../../sources/git/read-hunks.ts';
import type { History } from './landings.ts';
import { changed, linesByOrigin, merged, UNKNOWN } from './line-runs.ts';
import type { Runs, Side } from './line-runs.ts';
import type { Patch } from './patches.ts';

export const HORIZON_DAYS = [7, 14, 28] as const;
const DAY_S = 86_400;

/** What became of the lines of a patch. */
export interface PatchSurvival {
  /** Lines it added, but for those that differ in white space only. */
  readonly added: number;
  /** Lines of them on the branch now. */
  readonly alive: number;
  /** Lines of them still there so many days after they landed; null: that day has not come. */
  readonly surviving: readonly { readonly horizonDays: number; readonly lines: number | null }[];
}

/** A replay of the history from the first counted commit on. */
export interface Replay {
  /** The differences it has to be given, in this order. */
  readonly pairs: readonly Pair[];
  step(diff: CommitDiff): void;
  /** Per patch, in their order. */
  end(): readonly PatchSurvival[];
}

export interface ReplayOptions {
  /** False: lines of this path are nobody's. */
  readonly counts: (path: string) => boolean;
  /** Epoch seconds. No later day is judged, also where a commit is dated later. */
  readonly nowTs: number;
}

interface Track {
  added: number;
  alive: number;
  readonly landedTs: number;
  readonly surviving: (number | null)[];
}

type Tree = Map<string, Runs>;

/**
 * Follows every line of the patches through all later commits, merges and renames included, by the positions of changes
 * alone: one pass, no text. A line is judged where it can be seen, on the measured branch: born when it lands there, dead
 * when a commit of the branch no longer has it. Only commits that descend from a counted one can matter, so nothing else
 * is asked for.
 */
export function replayOf(history: History, patches: readonly Patch[], { counts, nowTs }: ReplayOptions): Replay {
  const originOf = new Map(patches.flatMap(({ shas }, at) => shas.map((sha) => [sha, at] as const)));
  const firsts = new Set(patches.map(({ commit }) => commit.sha));
  const tracks = patches.map(({ commit }): Track => {
    return { added: 0, alive: 0, landedTs: commit.landedTs, surviving: HORIZON_DAYS.map(() => null) };
  });
  const judge = judgeOf(tracks, nowTs);
  const plan = planOf(history, new Set(originOf.keys()));
  const mainline = new Set(history.mainline);
  const trees = new Map<string, { tree: Tree; children: number }>();
  const given: CommitDiff[] = [];

  /** The tree of a parent: its own where nobody else needs it any more, else a copy. Not tracked: nothing is known. */
  const inherit = (sha: string | undefined): Tree => {
    const kept = sha === undefined ? undefined : trees.get(sha);
    if (kept === undefined) return new Map();
    kept.children -= 1;
    if (kept.children > 0) return new Map(kept.tree);
    trees.delete(sha ?? '');
    return kept.tree;
  };

  const apply = (sha: string, parents: readonly string[], diffs: readonly CommitDiff[]): void => {
    const origin = originOf.get(sha) ?? UNKNOWN;
    const isMainline = mainline.has(sha);
    if (isMainline) judge.until(history.landings.get(sha)?.ts ?? -Infinity);
    const tree = inherit(parents[0]);
    const others = parents.slice(1).map((parent, at) => ({ tree: inherit(parent), diff: diffs[at + 1] }));
    const before: (readonly [string, Runs])[] = [];
    const after: (readonly [string, Runs])[] = [];
    for (const file of diffs[0]?.files ?? []) {
      const old = file.from === null ? [] : (tree.get(file.from) ?? []);
      if (file.from !== null) before.push([file.from, old]);
      if (file.to === null || file.isBinary) continue;
      const owner = counts(file.to) ? origin : UNKNOWN;
      const path = file.to;
      const first = { runs: old, hunks: file.hunks };
      after.push([
        path,
        others.length === 0
          ? changed(first.runs, first.hunks, owner)
          : merged([first, ...others.map((other) => sideOf(other.tree, other.diff?.files ?? [], path))], owner),
      ]);
      if (owner >= 0 && firsts.has(sha)) addedTo(tracks[owner], file);
    }
    // First all that goes, then all that comes: two files may have changed names with each other.
    for (const [path, runs] of before) {
      tree.delete(path);
      if (isMainline) count(tracks, runs, -1);
    }
    for (const [path, runs] of after) {
      if (runs.length > 0) tree.set(path, runs);
      if (isMainline) count(tracks, runs, 1);
    }
    const children = plan.children.get(sha) ?? 0;
    if (children > 0) trees.set(sha, { tree, children });
  };

  let at = 0;
  return {
    pairs: plan.steps.flatMap(({ pairs }) => pairs),
    step(diff) {
      const next = plan.steps[at];
      if (next === undefined || diff.sha !== next.sha) throw new Error(`a difference of ${diff.sha} was not asked for`);
      given.push(diff);
      if (given.length < next.pairs.length) return;
      apply(next.sha, next.parents, given.splice(0));
      at += 1;
    },
    end() {
      if (at < plan.steps.length) throw new Error(`${plan.steps.length - at} commits are missing at the end`);
      judge.end();
      return tracks.map(({ added, alive, surviving }) => ({
        added,
        alive: Math.min(alive, added),
        surviving: HORIZON_DAYS.map((horizonDays, index) => ({ horizonDays, lines: surviving[index] ?? null })),
      }));
    },
  };
}

interface Step {
  readonly sha: string;
  readonly parents: readonly string[];
  readonly pairs: readonly Pair[];
}

interface Plan {
  readonly steps: readonly Step[];
  /** How many later steps need the tree of a commit. */
  readonly children: ReadonlyMap<string, number>;
}

/** Counted commits and all that descends from one. */
function planOf({ commits }: History, counted: ReadonlySet<string>): Plan {
  const tracked = new Set<string>();
  const children = new Map<string, number>();
  const steps: Step[] = [];
  for (const { sha, parents } of commits) {
    const known = parents.filter((parent) => tracked.has(parent));
    if (!counted.has(sha) && known.length === 0) continue;
    tracked.add(sha);
    for (const parent of known) children.set(parent, (children.get(parent) ?? 0) + 1);
    // A parent where nothing is known has nothing to give, but what was changed of the first one has to be told.
    const needed = parents.filter((parent, at) => at === 0 || tracked.has(parent));
    const pairs = needed.length === 0 ? [{ sha, parent: null }] : needed.map((parent) => ({ sha, parent }));
    steps.push({ sha, parents: needed, pairs });
  }
  return { steps, children };
}

/** What another parent of a merge knows of a file of the merge. */
function sideOf(tree: Tree, files: readonly FileChange[], path: string): Side {
  const file = files.find(({ to }) => to === path);
  if (file === undefined) return { runs: tree.get(path) ?? [], hunks: [] };
  const isText = !file.isBinary && file.from !== null;
  return { runs: isText ? (tree.get(file.from) ?? []) : [], hunks: file.hunks };
}

function addedTo(track: Track | undefined, { hunks }: FileChange): void {
  if (track !== undefined) track.added += hunks.reduce((sum, { newLines }) => sum + newLines, 0);
}

function count(tracks: readonly Track[], runs: Runs, sign: 1 | -1): void {
  for (const [origin, lines] of linesByOrigin(runs)) {
    const track = tracks[origin];
    if (track !== undefined) track.alive += sign * lines;
  }
}

/** Notes how many lines are alive as each horizon passes, up to now. */
function judgeOf(tracks: readonly Track[], nowTs: number): { until(ts: number): void; end(): void } {
  const order = tracks.toSorted((a, b) => a.landedTs - b.landedTs);
  const nexts = HORIZON_DAYS.map(() => 0);
  const judge = (isDue: (ts: number) => boolean): void => {
    for (const [at, days] of HORIZON_DAYS.entries()) {
      for (let next = nexts[at] ?? 0; next < order.length; next += 1) {
        const track = order[next];
        if (track === undefined || !isDue(track.landedTs + days * DAY_S)) break;
        track.surviving[at] = Math.min(track.alive, track.added);
        nexts[at] = next + 1;
      }
    }
  };
  return {
    // A commit of the very second is still in the tree of that day.
    until: (ts) => judge((due) => due < ts && due <= nowTs),
    end: () => judge((due) => due <= nowTs),
  };
}
