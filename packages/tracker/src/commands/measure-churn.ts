import type { WindowRecord } from '@ccp/contracts';
import type { Outcome, Problem } from '../problem.ts';
import { churnRow } from '../rollups/churn/churn-row.ts';
import type { RowFacts } from '../rollups/churn/churn-row.ts';
import { baselineOf } from '../rollups/churn/complexity.ts';
import type { Baseline } from '../rollups/churn/complexity.ts';
import { commitTags } from '../rollups/churn/commit-tags.ts';
import { countedCommits } from '../rollups/churn/counted-commits.ts';
import type { Selected, Selection } from '../rollups/churn/counted-commits.ts';
import type { InteractionTurn } from '../rollups/churn/interaction.ts';
import { historyOf } from '../rollups/churn/landings.ts';
import type { History } from '../rollups/churn/landings.ts';
import { replayOf } from '../rollups/churn/line-survival.ts';
import { distinctPatches } from '../rollups/churn/patches.ts';
import { churnByWindow, measuredPatches, unchangedWindow } from '../rollups/churn/window-churn.ts';
import type { WindowChurn } from '../rollups/churn/window-churn.ts';
import type { Commit, CommitCounts, Repository } from '../sources/git/commit.ts';
import { shallowClone } from '../sources/git/git-problem.ts';
import { readCommits } from '../sources/git/read-commits.ts';
import { readCounts, readPatchIds } from '../sources/git/read-counts.ts';
import { readGenerated } from '../sources/git/read-generated.ts';
import { readHunks } from '../sources/git/read-hunks.ts';
import { readWords } from '../sources/git/read-words.ts';
import type { CommitWords } from '../sources/git/read-words.ts';
import { answered } from '../sources/git/repository.ts';

/** What of a repository is measured. */
export interface Wanted {
  readonly window?: string;
  readonly sinceTs?: number;
  readonly untilTs?: number;
  /** Commits after `start` up to `end` count for the window, tagged or not. Shas. */
  readonly range?: { readonly start: string; readonly end: string };
  /** Files and folders; absent: all. */
  readonly paths?: readonly string[];
  readonly withGenerated: boolean;
  readonly nowTs: number;
  readonly onProgress: (done: number, of: number, what: string) => void;
}

export interface MeasuredChurn {
  readonly windows: readonly WindowChurn[];
  readonly history: History;
  readonly selected: Selected;
  readonly repoId: string | null;
  /** Null: too few features, or not the whole history was measured. */
  readonly baseline: Baseline | null;
  readonly problems: readonly Problem[];
}

/** Reads a repository and says what its windows changed, and what is left of it. */
export async function measureChurn(repository: Repository, wanted: Wanted): Promise<Outcome<MeasuredChurn>> {
  return answered(async () => {
    const { dir, tip, edge } = repository;
    const commits: Commit[] = [];
    for await (const commit of readCommits(dir, tip)) {
      commits.push(commit);
      wanted.onProgress(commits.length, 0, 'commits');
    }
    const history = historyOf(commits, tip);
    const selected = countedCommits(history, selectionOf(history, edge, wanted));
    const shas = selected.counted.map(({ sha }) => sha);
    const patches = distinctPatches(selected.counted, await readPatchIds(dir, shas));
    const counted: CommitCounts[] = [];
    for await (const counts of readCounts(dir, shas)) counted.push(counts);
    const generated = wanted.withGenerated ? new Set<string>() : await readGenerated(dir, pathsOf(counted));
    const within = withinPaths(wanted.paths);
    const counts = (path: string): boolean => within(path) && !generated.has(path);
    const replay = replayOf(history, patches, { counts, nowTs: wanted.nowTs });
    let done = 0;
    for await (const diff of readHunks(dir, replay.pairs)) {
      replay.step(diff);
      wanted.onProgress((done += 1), replay.pairs.length, 'changes');
    }
    const survivals = replay.end();
    const parents = selected.counted.map(({ sha }) => ({ sha, parent: history.bySha.get(sha)?.parents[0] ?? null }));
    const words: CommitWords[] = [];
    for await (const one of readWords(dir, parents, counts)) words.push(one);
    const all = churnByWindow(measuredPatches(patches, { counted, words, survivals, counts }));
    const found = all.filter((one) => wanted.window === undefined || one.window === wanted.window);
    const { window, range } = wanted;
    const isEmptyRange = found.length === 0 && window !== undefined && range !== undefined;
    const windows = isEmptyRange ? [unchangedWindow(window, range.end)] : found;
    const isWhole = wanted.sinceTs === undefined && wanted.range === undefined && wanted.paths === undefined;
    const features = all.flatMap((one) => one.features).toSorted((a, b) => a.landed_ts - b.landed_ts);
    const baseline = isWhole && edge.size === 0 ? baselineOf(features.map((one) => one.cls_parts)) : null;
    const root = history.mainline[0];
    const repoId = root === undefined || edge.has(root) ? null : root;
    return { windows, history, selected, repoId, baseline, problems: problemsOf(repository, selected, counted) };
  });
}

/** The rows of the windows measured. */
export function churnRows(
  { windows, history, selected, repoId, baseline }: MeasuredChurn,
  facts: Omit<
    RowFacts,
    'record' | 'repoId' | 'baseline' | 'turns' | 'commitStart' | 'commitEnd' | 'excludedCommits'
  > & {
    readonly records: readonly WindowRecord[];
    /** Turns of a finished window. */
    readonly turnsOf: (record: WindowRecord) => readonly InteractionTurn[];
    readonly range?: { readonly start: string; readonly end: string };
  },
): ReturnType<typeof churnRow>[] {
  const { records, range, turnsOf, ...rest } = facts;
  return windows.map((churn) => {
    const record = records.find(({ window }) => window === churn.window) ?? null;
    return churnRow(churn, {
      ...rest,
      repoId,
      baseline,
      record,
      turns: record === null ? [] : turnsOf(record),
      commitStart: range?.start ?? history.bySha.get(churn.first)?.parents[0] ?? null,
      commitEnd: range?.end ?? churn.last,
      excludedCommits: selected.prototypes.filter((sha) => namesWindow(history, sha, churn.window, range !== undefined))
        .length,
    });
  });
}

function namesWindow(history: History, sha: string, window: string, isRange: boolean): boolean {
  return isRange || commitTags(history.bySha.get(sha)?.message ?? '').prototypeWindows.includes(window);
}

function selectionOf(history: History, edge: ReadonlySet<string>, wanted: Wanted): Selection {
  const { range, window, sinceTs, untilTs } = wanted;
  return {
    edge,
    ...(sinceTs !== undefined && { sinceTs }),
    ...(untilTs !== undefined && { untilTs }),
    ...(range !== undefined && window !== undefined && { range: { window, shas: between(history, range) } }),
  };
}

/** Commits the end can be reached from and the start can not. */
function between({ bySha }: History, { start, end }: { readonly start: string; readonly end: string }): Set<string> {
  const behind = ancestors(bySha, start);
  return new Set([...ancestors(bySha, end)].filter((sha) => !behind.has(sha)));
}

function ancestors(bySha: ReadonlyMap<string, Commit>, sha: string): ReadonlySet<string> {
  const found = new Set<string>();
  const open = [sha];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (found.has(next)) continue;
    found.add(next);
    open.push(...(bySha.get(next)?.parents ?? []));
  }
  return found;
}

function pathsOf(counted: readonly CommitCounts[]): readonly string[] {
  return [...new Set(counted.flatMap(({ files }) => files.map(({ path }) => path)))];
}

function withinPaths(paths: readonly string[] | undefined): (path: string) => boolean {
  if (paths === undefined) return () => true;
  const bytes = paths.map((path) => Buffer.from(path.replace(/^\.\/|\/+$/g, '')).toString('latin1'));
  return (path) => bytes.some((one) => one === '.' || one === '' || path === one || path.startsWith(`${one}/`));
}

function problemsOf(
  { dir, edge }: Repository,
  { malformed, counted: commits }: Selected,
  counted: readonly CommitCounts[],
): readonly Problem[] {
  const binary = counted.flatMap(({ files }) => files.filter(({ insertions }) => insertions === null)).length;
  const several = commits.filter(({ tags }) => new Set(tags.map(({ window }) => window)).size > 1);
  return [
    ...(edge.size > 0 ? [shallowClone(dir, edge.size)] : []),
    ...malformed.map(({ sha, text }): Problem => ({
      code: 'tag-malformed',
      file: dir,
      message: `commit ${sha.slice(0, 12)} says ${JSON.stringify(text)}, which is no tag`,
      remedy: 'A tag is xfeat::<Feature>::<Window>::<Stage> at the beginning of a line',
    })),
    ...several.map(({ sha, window, tags }): Problem => ({
      code: 'several-windows',
      file: dir,
      message: `commit ${sha.slice(0, 12)} names ${tags.map((tag) => tag.window).join(', ')}; its lines count for ${window} alone`,
      remedy: 'Merge the work of several windows without squashing it',
    })),
    ...(binary > 0 ? [notText(dir, binary)] : []),
  ];
}

function notText(dir: string, changes: number): Problem {
  const what =
    changes === 1 ? 'one change of a file that is not text has' : `${changes} changes of files that are not text have`;
  return { code: 'not-text', file: dir, message: `${what} no lines to count` };
}
