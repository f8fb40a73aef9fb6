import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ChurnRecord } from '@ccp/contracts';
import { describe, expect, test, vi } from 'vitest';
import type { Problem } from '../problem.ts';
import { openRepository } from '../sources/git/repository.ts';
import { gitRepo, lines, onDay } from '../testing/git-repo.ts';
import { tempDir } from '../testing/temp-dir.ts';
import { churnRows, measureChurn } from './measure-churn.ts';
import type { Wanted } from './measure-churn.ts';

vi.setConfig({ testTimeout: 90_000 });

interface Measured {
  readonly rows: readonly ChurnRecord[];
  readonly problems: readonly Problem[];
}

/** What `tracker churn` finds on that day. */
async function measured(dir: string, day: number, wanted: Partial<Wanted> = {}): Promise<Measured> {
  const repository = await openRepository(dir);
  if (!repository.ok) throw new Error(repository.problem.message);
  const found = await measureChurn(repository.value, {
    withGenerated: false,
    nowTs: onDay(day),
    onProgress: () => undefined,
    ...wanted,
  });
  if (!found.ok) throw new Error(found.problem.message);
  const rows = churnRows(found.value, {
    capturedAt: new Date(onDay(day) * 1000).toISOString(),
    records: [],
    turnsOf: () => [],
    ...(wanted.range !== undefined && { range: wanted.range }),
  });
  return { rows, problems: found.value.problems };
}

/** Lines left per horizon: added, surviving, maturing. */
function left(row: ChurnRecord | undefined): Record<number, readonly (number | undefined)[]> {
  return Object.fromEntries(
    (row?.survival ?? []).map((one) => [one.horizon_days, [one.added, one.surviving, one.maturing_lines]]),
  );
}

type FeatureRow = NonNullable<ChurnRecord['by_feature']>[number];

const BUILD = 'xfeat::login::W0-01::BUILD';

describe('what a window changed', () => {
  test('insertions and deletions count, not their difference, which pays for deletions', async () => {
    using repo = gitRepo();
    repo.commit(0, 'base', { 'a.txt': lines('old', 12) });
    repo.commit(1, BUILD, { 'a.txt': lines('new', 10) });
    repo.commit(2, 'xproto::mock::W0-01::MOCK', { 'mock.txt': lines('mock', 500) });
    const [row] = (await measured(repo.dir, 60)).rows;
    expect(row).toMatchObject({
      ...{ window: 'W0-01', commits: 1, excluded_commits: 1, files_changed: 1 },
      ...{ insertions: 10, deletions: 12, net: -2, features: 1, features_source: 'tags' },
    });
    const original = (row?.net ?? 0) / (row?.features ?? 1);
    expect({ original, corrected: row?.normalized_churn }).toEqual({ original: -2, corrected: 22 });
  });

  test('a range is counted commit by commit: what was written and thrown away in between is work too', async () => {
    using repo = gitRepo();
    const start = repo.commit(0, 'base', { 'a.txt': lines('a', 5) });
    repo.commit(1, 'untagged', { 'b.txt': lines('b', 100) });
    repo.commit(2, 'xproto::x::W9::MOCK', { 'mock.txt': lines('mock', 40) });
    const end = repo.commit(3, 'untagged', { 'b.txt': lines('c', 10) });
    repo.commit(4, 'after the end', { 'z.txt': lines('z', 10) });
    const stat = repo.git(['diff', '--shortstat', `${start}..${end}`, '--', 'b.txt']);
    const [row] = (await measured(repo.dir, 60, { window: 'W9', range: { start, end } })).rows;
    expect({ original: stat, corrected: `+${row?.insertions} -${row?.deletions}` }).toEqual({
      original: '1 file changed, 10 insertions(+)',
      corrected: '+110 -100',
    });
    expect(row).toMatchObject({
      window: 'W9',
      commits: 2,
      excluded_commits: 1,
      features: null,
      normalized_churn: null,
    });
  });

  test('paths, locks and generated files can be left out', async () => {
    using repo = gitRepo();
    const files = { 'src/a.txt': lines('a', 3), 'srcs/b.txt': lines('b', 5), 'x/pnpm-lock.yaml': lines('l', 900) };
    repo.commit(0, 'base', { '.gitattributes': 'gen/** linguist-generated\nvendor/* linguist-vendored=true\n' });
    repo.commit(1, BUILD, { ...files, 'gen/deep/c.txt': lines('c', 70), 'vendor/d.txt': lines('d', 70) });
    expect((await measured(repo.dir, 60)).rows).toMatchObject([{ insertions: 8, files_changed: 2 }]);
    const all = await measured(repo.dir, 60, { withGenerated: true });
    expect(all.rows).toMatchObject([{ insertions: 1048, files_changed: 5 }]);
    const some = await measured(repo.dir, 60, { paths: ['./src/'] });
    expect(some.rows.map((row) => [row.insertions, left(row)[14]])).toEqual([[3, [3, 3, 0]]]);
  });
});

test('complexity: raw parts below ten features, then scores beside the oldest ten, which later ones do not move', async () => {
  using repo = gitRepo();
  repo.commit(0, 'base', { 'z.txt': lines('z', 3) });
  const build = (at: number): void => {
    const code = `export function f${at}(): void {\n${'  if (a && b) run();\n'.repeat(at % 4)}}\n// if (never) && no\n`;
    const files = {
      [`src/m${at}/a.ts`]: code,
      [`src/m${at % 3}/b${at}.ts`]: 'run();\n',
      [`plans/${at}.md`]: lines('plan', 1).padStart(512),
    };
    const more = at % 2 === 0 ? { [`src/m${at}/c.ts`]: 'go();\n' } : {};
    repo.commit(at, `xfeat::f${at}::W0-01::BUILD`, { ...files, ...more });
  };
  for (let at = 1; at <= 9; at += 1) build(at);
  const of = async (id: string, wanted: Partial<Wanted> = {}): Promise<FeatureRow | undefined> =>
    (await measured(repo.dir, 60, wanted)).rows[0]?.by_feature?.find(({ feature_id: one }) => one === id);
  expect(await of('f3')).toMatchObject({
    ...{ cls: null, cls_baseline_features: 0 },
    cls_parts: {
      ...{ files_touched: 3, module_spread: 3, dep_depth: null, cyclomatic_delta: 6, plan_size_kb: 0.5 },
      ...{ interface_delta: 1, cross_refs: 0 },
    },
  });
  build(10);
  const scored = await of('f3');
  // Every feature has one declaration, half a KB of plan and no reference: only what differs can tell.
  expect(scored).toMatchObject({ cls: expect.any(Number) as number, cls_baseline_features: 10 });
  expect(scored?.cls_known_weight).toBeCloseTo(0.6, 12);
  build(11);
  expect((await of('f3'))?.cls).toBe(scored?.cls);
  expect(await of('f3', { paths: ['src'] })).toMatchObject({
    cls: null,
    cls_parts: { files_touched: 2, plan_size_kb: 0 },
  });
});

describe('what is left of it', () => {
  test('lines too young for a horizon are maturing; the clock starts when they reach the branch', async () => {
    using repo = gitRepo();
    repo.commit(0, 'base', { 'z.txt': lines('z', 3) });
    repo.commit(1, BUILD, { 'a.txt': lines('a', 10) });
    // Two lines go after 5 days, three more after 10, one more after 20.
    repo.commit(6, 'fix', { 'a.txt': lines('a', 8) });
    repo.commit(11, 'fix', { 'a.txt': lines('a', 5) });
    repo.commit(21, 'fix', { 'a.txt': lines('a', 4) });
    const after = async (day: number): Promise<ReturnType<typeof left>> =>
      left((await measured(repo.dir, day)).rows[0]);
    expect(await after(7.9)).toEqual({ 7: [10, 0, 10], 14: [10, 0, 10], 28: [10, 0, 10] });
    expect(await after(8)).toEqual({ 7: [10, 8, 0], 14: [10, 0, 10], 28: [10, 0, 10] });
    expect(await after(15)).toEqual({ 7: [10, 8, 0], 14: [10, 5, 0], 28: [10, 0, 10] });
    expect(await after(30)).toEqual({ 7: [10, 8, 0], 14: [10, 5, 0], 28: [10, 4, 0] });
    const [young] = (await measured(repo.dir, 14)).rows;
    expect(young).toMatchObject({ quality: null, normalized_churn_14d: null, alive_lines: 4 });
    const [old] = (await measured(repo.dir, 30)).rows;
    expect(old).toMatchObject({ quality: 0.5, normalized_churn_14d: 0.5 });
  });

  test('a revert removes them and is no feature itself, although its subject quotes the tag', async () => {
    using repo = gitRepo();
    repo.commit(0, 'base', { 'z.txt': lines('z', 3) });
    const sha = repo.commit(1, BUILD, { 'a.txt': lines('a', 10) });
    repo.git(['revert', '--no-edit', sha], { day: 3 });
    const { rows } = await measured(repo.dir, 60);
    expect(rows).toMatchObject([{ commits: 1, insertions: 10, quality: 0.5, normalized_churn_14d: 1 }]);
  });

  test('renames, indentation and CRLF are no rework', async () => {
    using repo = gitRepo();
    repo.commit(0, 'base', { 'z.txt': lines('z', 3) });
    repo.commit(1, BUILD, { 'a.txt': lines('a', 10), 'b.txt': lines('b', 10) });
    repo.git(['mv', 'a.txt', 'c.txt']);
    repo.git(['mv', 'b.txt', 'd.txt']);
    repo.commit(2, 'names', {});
    repo.commit(3, 'indent', { 'c.txt': lines('  a', 10), 'd.txt': lines('b', 10).replaceAll('\n', '\r\n') });
    repo.commit(4, 'one line', { 'c.txt': lines('  a', 9) });
    const { rows } = await measured(repo.dir, 60);
    expect(left(rows[0])).toEqual({ 7: [20, 19, 0], 14: [20, 19, 0], 28: [20, 19, 0] });
  });
});

describe('histories', () => {
  test('a rebase changes ids, and neither loses nor doubles a line', async () => {
    using repo = gitRepo();
    repo.commit(0, 'base', { 'z.txt': lines('z', 3) });
    repo.git(['checkout', '-q', '-b', 'topic']);
    repo.commit(1, BUILD, { 'a.txt': lines('a', 10) });
    repo.commit(2, BUILD, { 'a.txt': lines('a', 12), 'b.txt': lines('b', 4) });
    const before = await measured(repo.dir, 60);
    repo.git(['checkout', '-q', 'main']);
    repo.commit(3, 'other', { 'y.txt': lines('y', 3) });
    repo.git(['checkout', '-q', 'topic']);
    repo.git(['rebase', '-q', 'main'], { day: 4 });
    const after = await measured(repo.dir, 60);
    expect(after.rows).toMatchObject([{ commits: 2, insertions: 16, deletions: 0, alive_lines: 16 }]);
    const without = ({ commit_start: _s, commit_end: _e, ...row }: ChurnRecord): object => row;
    expect(after.rows.map(without)).toEqual(before.rows.map(without));
    expect(after.rows[0]?.commit_end).not.toBe(before.rows[0]?.commit_end);
  });

  test('a cherry-pick that is merged with its original counts once', async () => {
    using repo = gitRepo();
    repo.commit(0, 'base', { 'z.txt': lines('z', 3) });
    repo.git(['checkout', '-q', '-b', 'topic']);
    const sha = repo.commit(1, BUILD, { 'a.txt': lines('a', 10) });
    repo.git(['checkout', '-q', 'main']);
    repo.commit(2, 'other', { 'y.txt': lines('y', 3) });
    repo.git(['cherry-pick', sha], { day: 3 });
    repo.git(['merge', '-q', '--no-ff', '-m', 'merge', 'topic'], { day: 5 });
    expect(
      repo
        .git(['log', '--format=%s'])
        .split('\n')
        .filter((subject) => subject === BUILD),
    ).toHaveLength(2);
    const { rows } = await measured(repo.dir, 60);
    expect(rows).toMatchObject([{ commits: 1, insertions: 10, alive_lines: 10, quality: 1 }]);
  });

  test('a squash counts once, for every feature it names; lines count for the window named first', async () => {
    using repo = gitRepo();
    repo.commit(0, 'base', { 'z.txt': lines('z', 3) });
    repo.git(['checkout', '-q', '-b', 'topic']);
    repo.commit(1, BUILD, { 'a.txt': lines('a', 10) });
    repo.commit(2, 'xfeat::logout::W0-02::BUILD', { 'b.txt': lines('b', 5) });
    repo.git(['checkout', '-q', 'main']);
    repo.git(['merge', '-q', '--squash', 'topic'], { day: 3 });
    repo.git(['commit', '-q', '--no-edit'], { day: 3 });
    const { rows, problems } = await measured(repo.dir, 60);
    expect(problems).toMatchObject([{ code: 'several-windows' }]);
    expect(
      rows.map(({ window, insertions, by_feature: by }) => [window, insertions, by?.map((one) => one.feature_id)]),
    ).toEqual([['W0-02', 15, ['logout']]]);
  });

  test('a merge has no lines of its own, its tag speaks for the commits without one, and they land with it', async () => {
    using repo = gitRepo();
    repo.commit(0, 'base', { 'z.txt': lines('z', 3) });
    repo.git(['checkout', '-q', '-b', 'topic']);
    repo.commit(1, 'untagged', { 'a.txt': lines('a', 10) });
    repo.commit(2, 'xfeat::other::W0-02::BUILD', { 'b.txt': lines('b', 5) });
    repo.git(['checkout', '-q', 'main']);
    repo.git(['merge', '-q', '--no-ff', '-m', BUILD, 'topic'], { day: 20 });
    const { rows } = await measured(repo.dir, 30);
    expect(rows).toMatchObject([
      { window: 'W0-01', commits: 1, insertions: 10 },
      { window: 'W0-02', commits: 1, insertions: 5 },
    ]);
    // Ten days after the merge: 7 are over, 14 are not, although the commits are older.
    expect(left(rows[0])).toEqual({ 7: [10, 10, 0], 14: [10, 0, 10], 28: [10, 0, 10] });
  });

  test('what is not text has no lines, and is named; strange paths and submodules do not confuse it', async () => {
    using repo = gitRepo();
    const sha = repo.commit(0, 'base', { 'z.txt': lines('z', 3) });
    const strange = Buffer.concat([Buffer.from(`${repo.dir}/caf`), Buffer.from([0xe9]), Buffer.from(' "q"\t\\.txt')]);
    writeFileSync(strange, lines('a', 6));
    repo.git(['update-index', '--add', '--cacheinfo', `160000,${sha},sub`]);
    mkdirSync(join(repo.dir, 'sub'));
    repo.commit(1, BUILD, {
      'b.bin': Buffer.from([0, 1, 2]),
      'c.txt': '-- \n+++ b/x\n@@ -1 +1 @@\ndiff --git a/x b/x\n',
    });
    writeFileSync(strange, lines('a', 5));
    repo.commit(2, 'fix', { 'c.txt': Buffer.from([0, 1, 2]) });
    const { rows, problems } = await measured(repo.dir, 60);
    expect(rows).toMatchObject([{ insertions: 10, deletions: 0, files_changed: 3 }]);
    expect(left(rows[0])[14]).toEqual([10, 5, 0]);
    expect(problems).toMatchObject([{ code: 'not-text' }]);
  });

  test('a shallow clone says what it cannot know, and counts no commit at its edge', async () => {
    using repo = gitRepo();
    using folder = tempDir();
    repo.commit(0, BUILD, { 'z.txt': lines('z', 3) });
    repo.commit(1, BUILD, { 'a.txt': lines('a', 10) });
    repo.commit(2, BUILD, { 'b.txt': lines('b', 5) });
    const clone = join(folder.path, 'clone');
    execFileSync('git', ['clone', '-q', '--depth', '2', `file://${repo.dir}`, clone], { stdio: 'pipe' });
    const { rows, problems } = await measured(clone, 60);
    expect(rows).toMatchObject([{ commits: 1, insertions: 5, alive_lines: 5 }]);
    expect(rows[0]).not.toHaveProperty('repo_id');
    expect(problems).toMatchObject([{ code: 'shallow-clone' }]);
  });
});

test('settings of the repository and of the environment change nothing and start nothing', async () => {
  using repo = gitRepo();
  repo.commit(0, 'base', { 'z.txt': lines('z', 3), '.gitattributes': '*.txt diff=mine\n' });
  repo.commit(1, BUILD, { 'a.txt': lines('a', 10) });
  repo.git(['mv', 'a.txt', 'b.txt']);
  repo.commit(2, 'name', {});
  const plain = await measured(repo.dir, 60);
  const touch = `touch ${join(repo.dir, 'started')}`;
  const settings = {
    core: `pager = ${touch}\nfsmonitor = ${touch}\nquotePath = false`,
    diff: `noprefix = true\nmnemonicPrefix = true\nrenames = false\nexternal = ${touch}\ncontext = 9\nalgorithm = patience
      interHunkContext = 9\nsuppressBlankEmpty = true`,
    'diff "mine"': `textconv = ${touch}\ncommand = ${touch}`,
    color: 'ui = always',
    log: 'showSignature = true\ndate = relative',
    format: 'pretty = oneline',
    i18n: 'logOutputEncoding = latin1',
  };
  const text = Object.entries(settings).map(([section, values]) => `[${section}]\n${values}\n`);
  appendFileSync(join(repo.dir, '.git', 'config'), text.join(''));
  const env = { GIT_DIR: '/nowhere', GIT_EXTERNAL_DIFF: touch, GIT_PAGER: touch, LC_ALL: 'de_DE.UTF-8' };
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  try {
    expect(await measured(repo.dir, 60)).toEqual(plain);
  } finally {
    vi.unstubAllEnvs();
  }
  expect(existsSync(join(repo.dir, 'started'))).toBe(false);
});
