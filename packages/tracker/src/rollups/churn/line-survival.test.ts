import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import type { Commit } from '../../sources/git/commit.ts';
import { readCommits } from '../../sources/git/read-commits.ts';
import { readHunks } from '../../sources/git/read-hunks.ts';
import { gitRepo, onDay } from '../../testing/git-repo.ts';
import { arbitrarySteps, writeHistory } from '../../testing/random-history.ts';
import { historyOf } from './landings.ts';
import { HORIZON_DAYS, replayOf } from './line-survival.ts';
import type { Patch } from './patches.ts';

vi.setConfig({ testTimeout: 90_000 });

test('survival is what a look for every line in the tree of that day finds, and what git blame finds at the tip', async () => {
  await fc.assert(
    fc.asyncProperty(arbitrarySteps, fc.integer({ min: 0, max: 40 }), async (steps, later) => {
      using repo = gitRepo();
      const made = writeHistory(repo, steps);
      const tip = repo.git(['rev-parse', 'main']);
      const commits: Commit[] = [];
      for await (const commit of readCommits(repo.dir, tip)) commits.push(commit);
      const history = historyOf(commits, tip);
      const reached = made.filter(({ sha }) => history.landings.has(sha));
      const bySha = new Map(made.map((commit) => [commit.sha, commit]));
      // Every second commit counts: lines of the others must not be mistaken for theirs.
      const counted = reached.filter(({ parents }, at) => parents.length < 2 && at % 2 === 0);
      const patches = counted.map(({ sha }): Patch => {
        const landedTs = history.landings.get(sha)?.ts ?? Number.NaN;
        return { id: sha, shas: [sha], commit: { sha, window: 'W', features: [], tags: [], landedTs } };
      });
      const nowTs = onDay((made.at(-1)?.day ?? 0) + later);
      const replay = replayOf(history, patches, { counts: () => true, nowTs });
      for await (const diff of readHunks(repo.dir, replay.pairs)) replay.step(diff);
      const found = replay.end();

      const naive = counted.map(({ sha, added }, at) => {
        const landedTs = patches[at]?.commit.landedTs ?? Number.NaN;
        const treeAt = (ts: number): ReadonlySet<string> | undefined =>
          bySha.get(history.mainline.findLast((one) => (history.landings.get(one)?.ts ?? Infinity) <= ts) ?? '')?.texts;
        const left = (texts: ReadonlySet<string> | undefined): number =>
          added.filter((text) => texts?.has(text) === true).length;
        return {
          sha,
          added: added.length,
          alive: left(bySha.get(tip)?.texts),
          surviving: HORIZON_DAYS.map((horizonDays) => {
            const due = landedTs + horizonDays * 86_400;
            return { horizonDays, lines: due > nowTs ? null : left(treeAt(due)) };
          }),
        };
      });
      expect(found.map((one, at) => ({ sha: counted[at]?.sha, ...one }))).toEqual(naive);

      const blamed = new Map<string, number>();
      for (const path of repo.git(['ls-tree', '-r', '--name-only', tip]).split('\n')) {
        for (const [, sha = ''] of repo.git(['blame', '--porcelain', tip, '--', path]).matchAll(/^([0-9a-f]{40}) /gm))
          blamed.set(sha, (blamed.get(sha) ?? 0) + 1);
      }
      expect(found.map(({ alive }) => alive)).toEqual(counted.map(({ sha }) => blamed.get(sha) ?? 0));
    }),
    { numRuns: 8 },
  );
});
