import type { CountedCommit } from './counted-commits.ts';

/** A patch that counts, however many commits carry it. */
export interface Patch {
  /** Its stable patch id, or the commit's id where git gives none (no text was changed). */
  readonly id: string;
  /** The commit that brought it first. */
  readonly commit: CountedCommit;
  /** Every commit that carries it, the first included. */
  readonly shas: readonly string[];
}

/**
 * One patch for every set of commits that do the same, such as a commit and its cherry-pick on a branch that was merged
 * later. The one that landed first stands for all.
 */
export function distinctPatches(
  counted: readonly CountedCommit[],
  patchIds: ReadonlyMap<string, string>,
): readonly Patch[] {
  const patches = new Map<string, { commit: CountedCommit; shas: string[] }>();
  for (const commit of counted) {
    const id = patchIds.get(commit.sha) ?? commit.sha;
    const known = patches.get(id);
    if (known === undefined) patches.set(id, { commit, shas: [commit.sha] });
    else {
      known.shas.push(commit.sha);
      if (commit.landedTs < known.commit.landedTs) known.commit = commit;
    }
  }
  return [...patches].map(([id, patch]) => ({ id, ...patch }));
}
