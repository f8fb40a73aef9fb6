import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { openBook } from '../events/book.ts';
import { startTracker } from '../testing/child.ts';
import type { Ended } from '../testing/child.ts';
import { gitRepo, lines } from '../testing/git-repo.ts';
import { tempDir } from '../testing/temp-dir.ts';
import { EXIT } from './exit-codes.ts';

// Every step is a process of its own, which takes seconds on a busy machine.
vi.setConfig({ testTimeout: 90_000 });

interface Report {
  readonly providers: readonly { readonly points: readonly unknown[]; readonly quality_efficiency: unknown }[];
}

test('churn gives a window its quality, measuring again adds nothing, and what a person says wins', async () => {
  using repo = gitRepo();
  using dir = tempDir();
  const tracker = (line: string): Promise<Ended> =>
    startTracker(line.split(' '), { TRACKER_DATA_DIR: join(dir.path, 'data') }).ended;
  const book = openBook(join(dir.path, 'data'));
  const finalize = (window: string, finalizedAt: string, quality: number | null): ReturnType<typeof book.append> =>
    book.append('window', {
      ...{ window, finalized_at: finalizedAt, quality_score: quality, quality, features: { codex: 2 } },
      providers: { codex: { capacity: 10, capacity_unit: 'pp', capacity_field: 'weekly_pct' } },
    });
  await finalize('W0-01', '2030-02-01T00:00:00Z', null);
  await finalize('W0-02', '2030-02-02T00:00:00Z', null);

  const churn = `churn --repo ${repo.dir}`;
  expect(await tracker(churn)).toMatchObject({
    code: EXIT.noData,
    stderr: expect.stringContaining('has no commit yet'),
  });
  const long = -3650;
  repo.commit(long, 'xfeat::a::W0-01::BUILD', { 'a.txt': lines('a', 10) });
  repo.commit(long + 1, 'xfeat::b::W0-01::BUILD', { 'b.txt': lines('b', 10) });
  repo.commit(long + 2, 'xfeat::c::W0-02', { 'c.txt': lines('c', 10) });
  repo.commit(long + 3, 'fix', { 'b.txt': lines('b', 5) });

  const first = await tracker(churn);
  expect(first).toMatchObject({ code: 0, stdout: expect.stringMatching(/^1 row added to churn\.jsonl, 0 known$/m) });
  expect(first.stdout).toMatch(/W0-01 +2 +2 +20 +0 +10 +75% +75% +75% +75% +0\.75/);
  expect(first.stderr).toContain('says "xfeat::c::W0-02", which is no tag');
  expect((await tracker(churn)).stdout).toMatch(/^0 rows added to churn\.jsonl, 1 known$/m);

  const { providers } = JSON.parse((await tracker('report window --json')).stdout) as Report;
  expect(providers[0]).toMatchObject({
    points: [
      { window: 'W0-01', quality: 0.75, quality_source: 'churn' },
      { window: 'W0-02', quality: null, quality_source: null },
    ],
    quality_efficiency: { n: 1, sumFeatures: 1.5, withoutQuality: 1 },
  });
  await finalize('W0-01', '2030-02-03T00:00:00Z', 0.9);
  const words = '0.1800 over 1 windows (quality: 1 by override); 1 without a quality left out';
  expect((await tracker('report window')).stdout).toContain(words);
});
