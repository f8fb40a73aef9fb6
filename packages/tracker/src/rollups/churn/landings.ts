import type { Commit } from '../../sources/git/commit.ts';

/** When and by what a commit came to the measured branch. */
export interface Landing {
  /** Epoch seconds. */
  readonly ts: number;
  /** The commit of the branch itself: the same one, or the merge that brought it. */
  readonly by: string;
}

/** A history as the measured branch lived it. */
export interface History {
  /** Parents before children. */
  readonly commits: readonly Commit[];
  readonly bySha: ReadonlyMap<string, Commit>;
  /** Commits of the branch itself, the oldest first: the first parents of its tip. */
  readonly mainline: readonly string[];
  readonly landings: ReadonlyMap<string, Landing>;
}

/**
 * Follows the first parents of the tip. A commit made beside the branch lands with the merge that brings it: from then on
 * its lines can be seen there. Times never run backwards: a commit whose clock was behind counts as made when the one
 * before it was.
 *
 * @param commits every commit the tip can be reached from, parents before children
 */
export function historyOf(commits: readonly Commit[], tip: string): History {
  const bySha = new Map(commits.map((commit) => [commit.sha, commit]));
  const mainline: string[] = [];
  for (let at = bySha.get(tip); at !== undefined; at = bySha.get(at.parents[0] ?? '')) mainline.push(at.sha);
  mainline.reverse();
  const landings = new Map<string, Landing>();
  let ts = -Infinity;
  for (const sha of mainline) {
    ts = Math.max(ts, bySha.get(sha)?.committedTs ?? ts);
    const open = [sha];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (landings.has(next)) continue;
      landings.set(next, { ts, by: sha });
      open.push(...(bySha.get(next)?.parents ?? []));
    }
  }
  return { commits, bySha, mainline, landings };
}
