import type { CommitCounts, FileCount } from '../../sources/git/commit.ts';
import type { CommitWords } from '../../sources/git/read-words.ts';
import type { ClsParts } from './complexity.ts';
import { HORIZON_DAYS } from './line-survival.ts';
import type { PatchSurvival } from './line-survival.ts';
import type { Patch } from './patches.ts';

/** What became of lines after some days. Lines too young for it are counted apart, never as changed. */
export interface Survival {
  readonly horizon_days: number;
  /** Lines added, the young ones included. */
  readonly added: number;
  readonly surviving: number;
  /** Share of the lines old enough that is still there; null: none is. */
  readonly survival: number | null;
  readonly maturing_lines: number;
}

/** What a set of patches changed. */
export interface Churn {
  readonly commits: number;
  readonly files_changed: number;
  readonly insertions: number;
  readonly deletions: number;
  readonly net: number;
  /** Lines of those added that are on the branch now. */
  readonly alive_lines: number;
  readonly survival: readonly Survival[];
}

export interface FeatureChurn extends Churn {
  readonly feature: string;
  readonly window: string;
  /** Patches that name other features too: they count whole for each, and once in the window. */
  readonly shared_commits: number;
  /** Folders that hold a file it touched. */
  readonly modules: number;
  /** When its first line landed, epoch seconds. */
  readonly landed_ts: number;
  readonly cls_parts: ClsParts;
}

export interface WindowChurn extends Churn {
  readonly window: string;
  readonly features: readonly FeatureChurn[];
  readonly methodology: string | null;
  /** Oldest and newest commit counted. */
  readonly first: string;
  readonly last: string;
}

/** A patch with what git says it changed and what became of it. */
export interface MeasuredPatch {
  readonly patch: Patch;
  /** Files that count; those that are not text have no lines. */
  readonly files: readonly FileCount[];
  readonly survival: PatchSurvival;
  readonly words: CommitWords | null;
}

/** What was read of the patches. */
export interface PatchFacts {
  readonly counted: readonly CommitCounts[];
  readonly words: readonly CommitWords[];
  /** One for each patch, in order. */
  readonly survivals: readonly PatchSurvival[];
  /** False: the path is left out. */
  readonly counts: (path: string) => boolean;
}

/** The patches with all that is known of them, in order. */
export function measuredPatches(
  patches: readonly Patch[],
  { counted, words, survivals, counts }: PatchFacts,
): readonly MeasuredPatch[] {
  const bySha = new Map(counted.map(({ sha, files }) => [sha, files]));
  const wordsOf = new Map(words.map((one) => [one.sha, one]));
  return patches.map((patch, at) => {
    const survival = survivals[at];
    if (survival === undefined) throw new RangeError('a patch has no survival');
    const files = (bySha.get(patch.commit.sha) ?? []).filter(({ path }) => counts(path));
    return { patch, files, survival, words: wordsOf.get(patch.commit.sha) ?? null };
  });
}

/** Churn per window, in the order in which the windows began; insertions and deletions, never their difference. */
export function churnByWindow(measured: readonly MeasuredPatch[]): readonly WindowChurn[] {
  const windows = new Set(measured.map(({ patch }) => patch.commit.window));
  return [...windows]
    .map((window) => ({ window, own: measured.filter(({ patch }) => patch.commit.window === window) }))
    .toSorted((a, b) => landedTs(a.own) - landedTs(b.own))
    .map(({ window, own }) => ({
      window,
      ...churnOf(own),
      features: featuresOf(window, measured),
      methodology: only(own.flatMap(({ patch }) => patch.commit.tags.map(({ methodology }) => methodology))),
      first: own[0]?.patch.commit.sha ?? '',
      last: own.at(-1)?.patch.commit.sha ?? '',
    }));
}

/** A window whose range of commits is empty: it changed nothing, which is a figure too. */
export function unchangedWindow(window: string, commit: string): WindowChurn {
  return { window, ...churnOf([]), features: [], methodology: null, first: commit, last: commit };
}

/** Features a window names, also where the lines were credited to another window by a squashed commit. */
function featuresOf(window: string, measured: readonly MeasuredPatch[]): readonly FeatureChurn[] {
  const patches = new Map<string, MeasuredPatch[]>();
  for (const one of measured) {
    const named = one.patch.commit.tags.filter((tag) => tag.window === window).map(({ feature }) => feature);
    for (const feature of new Set(named)) patches.set(feature, [...(patches.get(feature) ?? []), one]);
  }
  return [...patches]
    .map(([feature, own]): FeatureChurn => {
      const churn = churnOf(own.filter(({ patch }) => patch.commit.window === window));
      const modules = new Set(own.flatMap(({ files }) => files.map(({ path }) => folderOf(path)))).size;
      return {
        feature,
        window,
        ...churn,
        shared_commits: own.filter(({ patch }) => othersIn(patch, feature).length > 0).length,
        modules,
        landed_ts: landedTs(own),
        cls_parts: clsParts(own, { feature, files: churn.files_changed, modules }),
      };
    })
    .toSorted((a, b) => (a.feature < b.feature ? -1 : 1));
}

/** What git tells of the parts of CLS. How deep a feature's dependencies go, it does not tell. */
function clsParts(
  own: readonly MeasuredPatch[],
  { feature, files, modules }: { readonly feature: string; readonly files: number; readonly modules: number },
): ClsParts {
  const words = own.flatMap((one) => one.words ?? []);
  const isRead = words.length > 0;
  return {
    files_touched: files,
    module_spread: modules,
    dep_depth: null,
    cyclomatic_delta: isRead ? sum(words.map(({ forks }) => forks)) : null,
    plan_size_kb: isRead ? sum(words.map(({ planBytes }) => planBytes)) / 1024 : null,
    interface_delta: isRead ? sum(words.map(({ declarations }) => declarations)) : null,
    cross_refs: new Set(own.flatMap(({ patch }) => othersIn(patch, feature))).size,
  };
}

function othersIn({ commit }: Patch, feature: string): readonly string[] {
  return commit.tags.map((tag) => tag.feature).filter((other) => other !== feature);
}

function churnOf(own: readonly MeasuredPatch[]): Churn {
  const files = own.flatMap((one) => one.files);
  const insertions = sum(files.map((file) => file.insertions ?? 0));
  const deletions = sum(files.map((file) => file.deletions ?? 0));
  return {
    commits: own.length,
    files_changed: new Set(files.map(({ path }) => path)).size,
    insertions,
    deletions,
    net: insertions - deletions,
    alive_lines: sum(own.map(({ survival }) => survival.alive)),
    survival: HORIZON_DAYS.map((days) => pooled(days, own)),
  };
}

function pooled(days: number, own: readonly MeasuredPatch[]): Survival {
  let [added, surviving, maturing] = [0, 0, 0];
  for (const { survival } of own) {
    const lines = survival.surviving.find(({ horizonDays }) => horizonDays === days)?.lines ?? null;
    added += survival.added;
    if (lines === null) maturing += survival.added;
    else surviving += lines;
  }
  const old = added - maturing;
  const share = old === 0 ? null : surviving / old;
  return { horizon_days: days, added, surviving, survival: share, maturing_lines: maturing };
}

function landedTs(own: readonly MeasuredPatch[]): number {
  return Math.min(...own.map(({ patch }) => patch.commit.landedTs));
}

function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

/** The one value; null: none, or several. */
function only(values: readonly (string | null)[]): string | null {
  const distinct = [...new Set(values)].filter((value) => value !== null);
  return distinct.length === 1 ? (distinct[0] ?? null) : null;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
