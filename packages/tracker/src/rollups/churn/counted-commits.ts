import type { Commit } from '../../sources/git/commit.ts';
import { commitTags } from './commit-tags.ts';
import type { FeatureTag } from './commit-tags.ts';
import type { History } from './landings.ts';

/** A commit whose lines count, and for what. */
export interface CountedCommit {
  readonly sha: string;
  /** Window its lines are credited to: that of its first tag, so that no line counts in two windows. */
  readonly window: string;
  /** Ids of the features of that window; empty: none is named. */
  readonly features: readonly string[];
  /** All its tags, those of other windows included: a squashed commit may complete features of several. */
  readonly tags: readonly FeatureTag[];
  /** Epoch seconds. */
  readonly landedTs: number;
}

export interface Selected {
  /** In the order of the history. */
  readonly counted: readonly CountedCommit[];
  /** Shas of commits left out because they are tagged as prototypes, with the windows they name. */
  readonly prototypes: readonly string[];
  /** Tags that are none: the commit and what it says. */
  readonly malformed: readonly { readonly sha: string; readonly text: string }[];
}

export interface Selection {
  /** Commits whose parents are not known; what they did can't be told. */
  readonly edge: ReadonlySet<string>;
  /** Landed from here on, epoch seconds. */
  readonly sinceTs?: number;
  /** Landed before. */
  readonly untilTs?: number;
  /** All commits of a range count for one window, tagged or not, but for prototypes. */
  readonly range?: { readonly window: string; readonly shas: ReadonlySet<string> };
}

/**
 * The commits whose lines are counted. A merge has no lines of its own: what it brought counts where it was made. But a
 * tag on a merge speaks for the commits without one that it brought.
 */
export function countedCommits(history: History, { edge, sinceTs, untilTs, range }: Selection): Selected {
  const counted: CountedCommit[] = [];
  const prototypes: string[] = [];
  const malformed: { sha: string; text: string }[] = [];
  const tagsOf = new Map(history.commits.map((commit) => [commit.sha, commitTags(commit.message)]));
  for (const commit of history.commits) {
    const { sha } = commit;
    const own = tagsOf.get(sha);
    const landing = history.landings.get(sha);
    if (own === undefined || landing === undefined || edge.has(sha)) continue;
    if (landing.ts < (sinceTs ?? -Infinity) || landing.ts >= (untilTs ?? Infinity)) continue;
    if (range !== undefined && !range.shas.has(sha)) continue;
    for (const text of own.malformed) malformed.push({ sha, text });
    if (own.isPrototype) prototypes.push(sha);
    if (own.isPrototype || isMerge(commit)) continue;
    const tags = own.features.length > 0 ? own.features : (tagsOf.get(landing.by)?.features ?? []);
    const window = range?.window ?? tags[0]?.window;
    if (window === undefined) continue;
    const features = new Set(tags.filter((tag) => tag.window === window).map(({ feature }) => feature));
    counted.push({ sha, window, features: [...features], tags, landedTs: landing.ts });
  }
  return { counted, prototypes, malformed };
}

function isMerge({ parents }: Commit): boolean {
  return parents.length > 1;
}
